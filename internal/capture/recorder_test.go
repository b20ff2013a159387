package capture

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// conntrackOnly makes conntrack work without deciding anything: the recorder
// by itself, on a router whose rules are somebody else's.
const conntrackOnly = `table inet other { chain forward { type filter hook forward priority 0; ct state invalid counter; }; }`

func nft(t testing.TB, text string) {
	t.Helper()
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v\n%s", err, out)
	}
}

func TestEverythingOfAPacketIsRecorded(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	if err := os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_tcp_loose", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	r, err := Open(Config{Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	client, server := netip.AddrPortFrom(router.Client.Address, 45678), netip.AddrPortFrom(router.Server.Address, 22)
	stranger := netip.AddrPortFrom(router.Client.Address, 45679) // nobody saw its handshake
	router.Client.Send(t, testnet.TCP{Source: client, Dest: server, Flags: "S", Seq: 1000, MSS: 1460, ID: 77}.Bytes(t))
	router.Server.Receive(t)
	router.Server.Send(t, testnet.TCP{Source: server, Dest: client, Flags: "SA", Seq: 5000, Ack: 1001, MSS: 1400}.Bytes(t))
	router.Client.Receive(t)
	router.Client.Send(t, testnet.TCP{Source: stranger, Dest: server, Flags: "PA", Seq: 7, Ack: 9, Payload: 30}.Bytes(t))
	events := collect(t, r, 3)
	before := time.Now()
	want := []flow.Event{
		{Flag: flow.SYN, Direction: flow.Original, State: 1, TCPFlags: flow.BitSYN, Seq: 1000, MSS: 1460, IPID: 77, In: "client", Out: "server"},
		{Flag: flow.SYNACK, Direction: flow.Reply, State: 2, TCPFlags: flow.BitSYN | flow.BitACK, Seq: 5000, Ack: 1001, MSS: 1400, In: "server", Out: "client",
			OriginalStream: flow.Stream{Known: true, Sent: 1001}},
		{Flag: flow.INVALID, TCPFlags: flow.BitPSH | flow.BitACK, Seq: 7, Ack: 9, Payload: 30, In: "client", Out: "server", Reason: flow.UnknownReason},
	}
	for i, e := range events {
		w := want[i]
		if w.Flag != flow.INVALID {
			w.Connection = flow.Tuple{Protocol: flow.TCP, Source: client, Dest: server}
		}
		w.Packet = flow.Tuple{Protocol: flow.TCP, Source: client, Dest: server}
		if w.Flag == flow.INVALID {
			w.Packet.Source = stranger
		}
		if w.In == "server" {
			w.Packet = w.Packet.Reverse()
		}
		if age := before.Sub(e.Time); age < 0 || age > 10*time.Second {
			t.Errorf("%v: time %v is not now", e.Flag, e.Time)
		}
		if e.InIndex == 0 || e.OutIndex == 0 || e.Number.Seq == 0 || e.Number.Boot == "" {
			t.Errorf("%v: no interfaces or no number: %+v", e.Flag, e)
		}
		w.TTL, w.Window = 63, 64000
		w.Time, w.Number, w.InIndex, w.OutIndex = e.Time, e.Number, e.InIndex, e.OutIndex
		if e != w {
			t.Errorf("event %d:\n got %+v\nwant %+v", i, e, w)
		}
	}
}

// collect runs the recorder until it has delivered n events.
func collect(t *testing.T, r *Recorder, n int) []flow.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var events []flow.Event
	err := r.Run(ctx, func(batch []flow.Event) {
		if events = append(events, batch...); len(events) >= n {
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != n {
		t.Fatalf("%d events, want %d: %+v", len(events), n, events)
	}
	return events
}
