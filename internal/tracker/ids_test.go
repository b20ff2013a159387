package tracker

import (
	"net/netip"
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
)

var (
	client = netip.MustParseAddrPort("10.1.1.4:40000")
	server = netip.MustParseAddrPort("10.1.2.4:22")
	there  = flow.Tuple{Protocol: flow.TCP, Source: client, Dest: server}
)

func packet(t flow.Tuple, flags flow.TCPFlags, seq, ack uint32) *flow.Event {
	flag := map[flow.TCPFlags]flow.Flag{flow.BitSYN: flow.SYN, flow.BitSYN | flow.BitACK: flow.SYNACK, flow.BitACK: flow.ACK,
		flow.BitFIN | flow.BitACK: flow.FIN, flow.BitRST | flow.BitACK: flow.RST, flow.BitACK | flow.BitPSH: flow.RETRANS}[flags]
	return &flow.Event{Time: epoch, Packet: t, Flag: flag, TCPFlags: flags, Seq: seq, Ack: ack}
}

func newIDs(limit int) *Tracker { return New(Config{Limit: limit}) }

func TestOneConnectionHasOneID(t *testing.T) {
	t.Parallel()
	ids := newIDs(10)
	want := flow.ConnectionID(there, 100)
	for _, e := range []*flow.Event{
		packet(there, flow.BitSYN, 100, 0),
		packet(there.Reverse(), flow.BitSYN|flow.BitACK, 900, 101),
		packet(there, flow.BitACK, 101, 901),
		packet(there.Reverse(), flow.BitFIN|flow.BitACK, 950, 130),
	} {
		ids.Add(e)
		if e.ConnectionID != want {
			t.Errorf("%v: id %q, want %q", e.TCPFlags, e.ConnectionID, want)
		}
	}
}

func TestSYNACKAloneHasTheIDOfItsSYN(t *testing.T) {
	t.Parallel()
	e := packet(there.Reverse(), flow.BitSYN|flow.BitACK, 900, 101)
	newIDs(10).Add(e)
	if want := flow.ConnectionID(there, 100); e.ConnectionID != want {
		t.Errorf("id %q, want %q", e.ConnectionID, want)
	}
}

func TestAReusedPortIsAnotherConnection(t *testing.T) {
	t.Parallel()
	ids := newIDs(10)
	first, second := packet(there, flow.BitSYN, 100, 0), packet(there, flow.BitSYN, 7000, 0)
	ids.Add(first)
	ids.Add(second)
	if first.ConnectionID == second.ConnectionID {
		t.Error("two connections, one id")
	}
	rst := packet(there.Reverse(), flow.BitRST|flow.BitACK, 0, 7001)
	ids.Add(rst)
	if rst.ConnectionID != second.ConnectionID {
		t.Error("the RST does not belong to the newest connection")
	}
}

func TestTheUnknownHasNoIDAndMemoryIsBounded(t *testing.T) {
	t.Parallel()
	ids := newIDs(2)
	for port := uint16(1); port <= 5; port++ {
		tuple := flow.Tuple{Protocol: flow.TCP, Source: netip.AddrPortFrom(client.Addr(), port), Dest: server}
		ids.Add(packet(tuple, flow.BitSYN, uint32(port), 0))
		ack := packet(tuple, flow.BitACK, 0, 0)
		ids.Add(ack)
		if ack.ConnectionID == "" {
			t.Errorf("port %d: the newest connection was forgotten", port)
		}
	}
	if ids.table.n != 2 || ids.Len() != 2 {
		t.Errorf("%d connections remembered, want 2", ids.table.n)
	}
	forgotten := flow.Tuple{Protocol: flow.TCP, Source: netip.AddrPortFrom(client.Addr(), 1), Dest: server}
	e := packet(forgotten, flow.BitACK, 0, 0)
	ids.Add(e)
	if e.ConnectionID != "" {
		t.Errorf("id %q of a forgotten connection", e.ConnectionID)
	}
}

// A client that rebooted sends a SYN on a connection that lives on: its
// packets keep their id until the new SYN is answered.
func TestASYNOnALiveConnection(t *testing.T) {
	t.Parallel()
	ids := newIDs(10)
	id := func(e *flow.Event) string {
		ids.Add(e)
		return e.ConnectionID
	}
	old := id(packet(there, flow.BitSYN, 100, 0))
	again := packet(there, flow.BitSYN, 7000, 0)
	again.State = 3 // ESTABLISHED: conntrack ignores it
	next := id(again)
	if next == old {
		t.Error("the SYN has the old connection's id")
	}
	if got := id(packet(there.Reverse(), flow.BitACK|flow.BitPSH, 900, 131)); got != old {
		t.Errorf("a packet of the old connection has the id %s", got)
	}
	if got := id(packet(there.Reverse(), flow.BitRST|flow.BitACK, 0, 7001)); got != next {
		t.Errorf("the answer to the new SYN has the id %s", got)
	}
	if got := id(packet(there, flow.BitACK, 9999, 0)); got != next {
		t.Errorf("after the answer: %s", got)
	}
}
