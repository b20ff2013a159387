package capture

import (
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// A path that swallows big segments, and tells nobody: real sockets repeat
// their data, and it is seen. How often they do before the first event depends
// on how the sender goes about it.
func TestDataThatNeverArrivesIsSeenAgain(t *testing.T) {
	s := newSockets(t)
	for _, n := range []int{1000, 20_000} {
		s.connect()
		s.exchange(10)
		s.rules(loss)
		s.write(s.client, n)
		events := s.until(flow.RETRANS)
		again := events[len(events)-1]
		if again.Direction != flow.Original || again.Payload == 0 || again.State.String() != "ESTABLISHED" {
			t.Errorf("%d bytes: %+v", n, again)
		}
		// As much as the congestion window let out.
		if got := again.OriginalStream; !got.Known || got.Unacked < 1000 || got.Unacked > uint32(n) {
			t.Errorf("%d bytes: %+v", n, got)
		}
		s.end()
	}
}

// segments are a connection made by hand.
type segments struct {
	*testing.T
	router         *testnet.Router
	client, server netip.AddrPort
}

func (s *segments) fromClient(flags string, seq, ack uint32, payload int) {
	s.router.Client.Send(s, testnet.TCP{Source: s.client, Dest: s.server, Flags: flags, Seq: seq, Ack: ack, Payload: payload}.Bytes(s))
}

func (s *segments) fromServer(flags string, seq, ack uint32, payload int) {
	s.router.Server.Send(s, testnet.TCP{Source: s.server, Dest: s.client, Flags: flags, Seq: seq, Ack: ack, Payload: payload}.Bytes(s))
}

// Repeats are told by powers of two, and only of data; a segment that conntrack
// ignores is not taken for the one that it counted.
func TestWhichRepeatsAreEvents(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, handshakeRules)
	if err := os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_tcp_loose", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	r, err := Open(Config{Poll: time.Millisecond, MarkHandshake: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	s := &segments{T: t, router: router, server: netip.AddrPortFrom(router.Server.Address, 22)}
	repeat := func(times int, send func()) {
		for range times {
			send()
		}
	}
	data := func() { s.fromClient("PA", 1001, 5001, 100) }
	ack := func() { s.fromServer("A", 5001, 1001, 0) }
	tests := []struct {
		name string
		send func()
		want int
	}{
		{"once", data, 0},
		{"again", func() { repeat(2, data) }, 1},
		{"nine repeats: the first, second, fourth and eighth", func() { repeat(10, data) }, 4},
		{"a thousand repeats: eight of 256", func() { repeat(1+1024, data) }, 4 * 8},
		{"with an answer in between", func() { data(); ack(); data() }, 0},
		{"of the server", func() { repeat(2, func() { s.fromServer("PA", 5001, 1001, 100) }) }, 1},
		{"acknowledgements without data", func() { repeat(5, ack) }, 0},
		{"keep-alive without data", func() { repeat(5, func() { s.fromClient("A", 1000, 5001, 0) }) }, 0},
		{"after the other side's FIN", func() { s.fromServer("FA", 5001, 1001, 0); repeat(2, func() { s.fromClient("PA", 1001, 5002, 100) }) }, 1},
		{"ignored: below the window", func() {
			seq := uint32(1001)
			for ; seq < 1001+130_000; seq += 1000 {
				s.fromClient("A", seq, 5001, 1000)
				s.fromServer("A", 5001, seq+1000, 0)
			}
			repeat(2, func() { s.fromClient("PA", seq, 5001, 100) })
			repeat(2, func() { s.fromClient("PA", 2001, 5001, 100) })
		}, 1},
	}
	for i, tt := range tests {
		s.client = netip.AddrPortFrom(router.Client.Address, uint16(40000+i))
		s.fromClient("S", 1000, 0, 0)
		s.fromServer("SA", 5000, 1001, 0)
		s.fromClient("A", 1001, 5001, 0)
		tt.send()
		var flags []flow.Flag
		for _, e := range read(t, r) {
			flags = append(flags, e.Flag)
		}
		flags = slices.DeleteFunc(flags, func(f flow.Flag) bool { return f == flow.FIN })
		want := append([]flow.Flag{flow.SYN, flow.SYNACK, flow.ACK}, slices.Repeat([]flow.Flag{flow.RETRANS}, tt.want)...)
		if diff := cmp.Diff(want, flags); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
