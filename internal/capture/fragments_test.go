package capture

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// pieces are a packet in two fragments, the first one with so many bytes behind the
// IP header, a multiple of eight.
func pieces(packet []byte, first int) [2][]byte {
	if packet[0]>>4 == 6 {
		return [2][]byte{piece6(packet, 0, first, 1), piece6(packet, first, len(packet)-40, 0)}
	}
	return [2][]byte{piece4(packet, 0, first, 0x2000), piece4(packet, first, len(packet)-20, 0)}
}

// piece4 is bytes [from, to) of what is behind a header of IPv4 without options.
func piece4(packet []byte, from, to int, more uint16) []byte {
	p := append(append([]byte{}, packet[:20]...), packet[20+from:20+to]...)
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	binary.BigEndian.PutUint16(p[4:], 7) // the same for all pieces
	binary.BigEndian.PutUint16(p[6:], uint16(from/8)|more)
	binary.BigEndian.PutUint16(p[10:], 0)
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(p[i:]))
	}
	binary.BigEndian.PutUint16(p[10:], ^uint16(sum+sum>>16))
	return p
}

// piece6 is the same for IPv6, with a fragment header.
func piece6(packet []byte, from, to int, more uint16) []byte {
	p := append([]byte{}, packet[:40]...)
	p = append(p, packet[6], 0, 0, 0, 0, 0, 0, 7)
	p = append(p, packet[40+from:40+to]...)
	p[6] = 44 // fragment
	binary.BigEndian.PutUint16(p[4:], uint16(len(p)-40))
	binary.BigEndian.PutUint16(p[42:], uint16(from)|more)
	return p
}

// fragmented are packets between two addresses, each with what is known of it.
func fragmented(t *testing.T, source, dest netip.Addr) (tcp, udp []byte) {
	t.Helper()
	tcp = testnet.TCP{Source: netip.AddrPortFrom(source, 30001), Dest: netip.AddrPortFrom(dest, 22), Flags: "PA", Seq: 100, Ack: 1, Payload: 64}.Bytes(t)
	udp = testnet.TCP{Source: netip.AddrPortFrom(source, 30002), Dest: netip.AddrPortFrom(dest, 53), Flags: "S", Payload: 64}.Bytes(t)
	if source.Is4() {
		udp[9] = unix.IPPROTO_UDP // its checksum is nobody's business on the way
	} else {
		udp[6] = unix.IPPROTO_UDP
	}
	return tcp, udp
}

func bothWays(t *testing.T, router *testnet.Router, test func(t *testing.T, source, dest netip.Addr)) {
	t.Helper()
	t.Run("IPv4", func(t *testing.T) { test(t, router.Client.Address, router.Server.Address) })
	t.Run("IPv6", func(t *testing.T) { test(t, router.Client.Address6, router.Server.Address6) })
}

// Where nothing tracks connections, as while somebody has taken all rules away,
// nobody puts fragments together: each is a packet of its own. The first has what
// its header says, a later one has addresses and protocol and no more: what stands
// where a header would begin is data.
func TestFragmentsThatNobodyHasReassembled(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, "flush ruleset")
	r, err := Open(Config{Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	awaitNoConntrack(t, router, r)
	bothWays(t, router, func(t *testing.T, source, dest netip.Addr) {
		tcp, udp := fragmented(t, source, dest)
		for _, packet := range [][]byte{tcp, udp} {
			for _, p := range pieces(packet, 24) {
				router.Client.Send(t, p)
			}
		}
		router.Client.Send(t, pieces(tcp, 8)[0]) // so small that the TCP header does not fit
		var got []string
		for _, e := range collect(t, r, 5) {
			got = append(got, fmt.Sprintf("%s seq %d %v ack %d payload %d", tell(&e), e.Seq, e.TCPFlags, e.Ack, e.Payload))
		}
		at := func(a netip.Addr, port uint16) string { return netip.AddrPortFrom(a, port).String() }
		want := []string{
			"INVALID TCP " + at(source, 30001) + " " + at(dest, 22) + " seq 100 PSH|ACK ack 1 payload 4",
			"INVALID TCP " + at(source, 0) + " " + at(dest, 0) + " seq 0  ack 0 payload 60",
			"INVALID UDP " + at(source, 30002) + " " + at(dest, 53) + " seq 0  ack 0 payload 24",
			"INVALID UDP " + at(source, 0) + " " + at(dest, 0) + " seq 0  ack 0 payload 60",
			"INVALID TCP " + at(source, 30001) + " " + at(dest, 22) + " seq 0  ack 0 payload 8",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// awaitNoConntrack sends SYNs until one is INVALID: the kernel ends tracking some
// time after the last rule that needs it.
func awaitNoConntrack(t *testing.T, router *testnet.Router, r *Recorder) {
	t.Helper()
	for range 500 {
		syn := testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, 9), Dest: netip.AddrPortFrom(router.Server.Address, 9), Flags: "S", Seq: 1}
		router.Client.Send(t, syn.Bytes(t))
		if collect(t, r, 1)[0].Flag == flow.INVALID {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("conntrack works without rules")
}

// Where somebody says notrack before fragments would be put together, they pass as
// they are, without a connection and without an event, as all untracked packets.
func TestUntrackedFragmentsHaveNoEvents(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, "flush ruleset")
	nft(t, conntrackOnly)
	nft(t, `table inet raw { chain before { type filter hook prerouting priority -450; th dport { 22, 53 } notrack; ip frag-off & 0x1fff != 0 notrack; exthdr frag exists notrack; }; }`)
	t.Cleanup(func() { nft(t, "delete table inet raw") })
	r, err := Open(Config{Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	bothWays(t, router, func(t *testing.T, source, dest netip.Addr) {
		tcp, _ := fragmented(t, source, dest)
		for _, p := range pieces(tcp, 24) {
			router.Client.Send(t, p)
			awaitLength(t, router.Server, len(p))
		}
		quiet(t, r)
	})
}

// awaitLength reads what came out until a packet of this length does.
func awaitLength(t *testing.T, w *testnet.Wire, want int) {
	t.Helper()
	for len(w.Receive(t)) != want {
	}
}

// quiet fails where anything is recorded for a while.
func quiet(t *testing.T, r *Recorder) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := r.Run(ctx, func(events []flow.Event) { t.Errorf("events: %+v", events) }); err != nil {
		t.Fatal(err)
	}
}

// Where connections are tracked, no fragment comes to the recorder: it sees whole
// packets. A packet of IPv6 that says it is a fragment and is whole (RFC 6946)
// stays as it is, and has a connection.
func TestTrackedFragmentsAreWhole(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, "flush ruleset")
	nft(t, conntrackOnly)
	r, err := Open(Config{Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	bothWays(t, router, func(t *testing.T, source, dest netip.Addr) {
		syn := func(port uint16) []byte {
			return testnet.TCP{Source: netip.AddrPortFrom(source, port), Dest: netip.AddrPortFrom(dest, 22), Flags: "S", Seq: 100, Payload: 64}.Bytes(t)
		}
		both := pieces(syn(30011), 24)
		router.Client.Send(t, both[0])
		quiet(t, r) // a lone fragment shows nothing
		router.Client.Send(t, both[1])
		wantSYN(t, r, source, dest, 30011)
		if source.Is6() {
			router.Client.Send(t, piece6(syn(30012), 0, 84, 0))
			wantSYN(t, r, source, dest, 30012)
		}
	})
}

func wantSYN(t *testing.T, r *Recorder, source, dest netip.Addr, port uint16) {
	t.Helper()
	tuple := flow.Tuple{Protocol: flow.TCP, Source: netip.AddrPortFrom(source, port), Dest: netip.AddrPortFrom(dest, 22)}
	e := collect(t, r, 1)[0]
	if e.Flag != flow.SYN || e.Packet != tuple || e.Connection != tuple || e.Seq != 100 || e.Payload != 64 {
		t.Errorf("got %+v, want the SYN of %v", e, tuple)
	}
}
