package logs

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
)

// errorAbout is an ICMP error about a flow, sent by its server.
func errorAbout(protocol flow.Protocol, client, server string) flow.Event {
	about := flow.Tuple{Protocol: protocol, Source: netip.MustParseAddrPort(client), Dest: netip.MustParseAddrPort(server)}
	back := flow.Tuple{Protocol: flow.ICMP, Source: netip.AddrPortFrom(about.Dest.Addr(), 0), Dest: netip.AddrPortFrom(about.Source.Addr(), 0)}
	e := flow.Event{Flag: flow.ICMPERROR, Direction: flow.Reply, Action: flow.Allow, Packet: back, Connection: about, ICMPType: 3, ICMPCode: 3}
	if about.Source.Addr().Is6() {
		e.Packet.Protocol, e.ICMPType, e.ICMPCode = flow.ICMPv6, 1, 4
	}
	return e
}

func TestAnICMPErrorSaysWhatItIsAbout(t *testing.T) {
	t.Parallel()
	lookup := flow.Event{Flag: flow.SYN, Packet: flow.Tuple{Protocol: flow.TCP}, Connection: errorAbout(flow.TCP, "10.9.1.2:54002", "10.9.2.2:53").Connection}
	for _, c := range []struct {
		ev   flow.Event
		want []any
		says string
	}{
		{errorAbout(flow.UDP, "10.9.1.2:54002", "10.9.2.2:999"), []any{"UDP", "10.9.1.2", int32(54002), "10.9.2.2", int32(999)},
			"Allow port unreachable about UDP 10.9.1.2:54002 → 10.9.2.2:999"},
		{errorAbout(flow.TCP, "10.9.1.2:54002", "10.9.2.2:22"), []any{"TCP", "10.9.1.2", int32(54002), "10.9.2.2", int32(22)},
			"Allow port unreachable about TCP 10.9.1.2:54002 → 10.9.2.2:22"},
		{errorAbout(flow.UDP, "[fd09:1::2]:54002", "[fd09:2::2]:53"), []any{"UDP", "fd09:1::2", int32(54002), "fd09:2::2", int32(53)},
			"Allow port unreachable about UDP [fd09:1::2]:54002 → [fd09:2::2]:53"},
		{errorAbout(flow.ICMP, "10.9.1.2:0", "10.9.2.2:0"), []any{"ICMP", "10.9.1.2", int32(0), "10.9.2.2", int32(0)},
			"Allow port unreachable about ICMP 10.9.1.2:0 → 10.9.2.2:0"},
		{lookup, []any{nil, nil, nil, nil, nil}, ""},
	} {
		row := Rows(&c.ev, hub, rdp)[0]
		got := values(row, "OriginalProtocol", "OriginalSourceIp", "OriginalSourcePort", "OriginalDestinationIp", "OriginalDestinationPort")
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.ev.Flag, c.ev.Connection.Protocol, diff)
		}
		var printed bytes.Buffer
		if err := NewPrinter(&printed, 0, false, PrinterOptions{}).Print(row); err != nil || !strings.Contains(printed.String(), c.says) {
			t.Errorf("printed %q, error %v, want %q", printed.String(), err, c.says)
		}
	}
}

// Where there is little room, what matters least is left out first.
func TestAnICMPErrorInLittleRoom(t *testing.T) {
	t.Parallel()
	ev := errorAbout(flow.UDP, "10.9.1.2:54002", "10.9.2.2:999")
	row := Rows(&ev, hub, rdp)[0]
	for room, want := range map[int]string{
		62: "Allow port unreachable about UDP 10.9.1.2:54002 → 10.9.2.2:999",
		60: "port unreachable about UDP 10.9.1.2:54002 → 10.9.2.2:999",
		50: "port unreachable about UDP 10.9.2.2:999",
		30: "Allow port unreachable",
		20: "port unreachable",
	} {
		if got := outcome(row, room, true); got != want {
			t.Errorf("in %d columns: %q, want %q", room, got, want)
		}
	}
}

// Of an event with both rows the rule log repeats one; of one without a flag its
// row is the only one, also when it was read back.
func TestWhatTheRuleLogRepeats(t *testing.T) {
	t.Parallel()
	tuple := errorAbout(flow.UDP, "10.9.1.2:54002", "10.9.2.2:53").Connection
	tcp := tuple
	tcp.Protocol = flow.TCP
	for _, c := range []struct {
		name string
		ev   flow.Event
		made []bool // of each row: is it a repeat?
		read []bool // the same rows, read back
	}{
		{"SYN", flow.Event{Flag: flow.SYN, Packet: tcp, Action: flow.Deny}, []bool{false, true}, []bool{false, true}},
		{"UDP, denied", flow.Event{Packet: tuple, Action: flow.Deny}, []bool{false}, []bool{false}},
		{"UDP, allowed", flow.Event{Packet: tuple, Action: flow.Allow}, []bool{false}, []bool{false}},
		{"UDP, denied later", flow.Event{Flag: flow.DENIED, Packet: tuple, Action: flow.Deny}, []bool{false, true}, []bool{false, false}},
	} {
		var made, read []bool
		for _, row := range Rows(&c.ev, hub, byNone) {
			record, err := ParseJSON(AppendJSON(nil, row, false))
			if err != nil {
				t.Fatal(err)
			}
			made, read = append(made, row.Repeats()), append(read, record.Row().Repeats())
		}
		if diff := cmp.Diff([][]bool{c.made, c.read}, [][]bool{made, read}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
