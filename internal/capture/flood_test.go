package capture

import (
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// Whatever comes in a flood, while nobody reads, the other kinds are recorded
// whole; and of the flood it is known how much was lost.
func TestAFloodStarvesOnlyItself(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, handshakeRules)
	if err := os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_tcp_loose", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	page := uint32(os.Getpagesize())
	s := &segments{T: t, router: router, server: netip.AddrPortFrom(router.Server.Address, 22)}
	port := uint16(20000)
	next := func() {
		port++
		s.client = netip.AddrPortFrom(router.Client.Address, port)
	}
	const flood, calm = 300, 3
	begin := func() { next(); s.fromClient("S", 1000, 0, 0) }
	stray := func() { next(); s.fromClient("A", 1000, 1, 0) }
	whole := func() {
		begin()
		s.fromServer("SA", 5000, 1001, 0)
		s.fromClient("A", 1001, 5001, 0)
		s.fromClient("RA", 1001, 5001, 0)
	}
	w := wide{t: t, router: router, client: router.Client.Address, server: router.Server.Address}
	datagram := func() { port++; w.udp(port, false) }
	for _, tt := range []struct {
		kind   flow.Flag
		others []flow.Flag // of the calm part, each as often
		flood  func()
		calm   []func()
	}{
		{flow.SYN, []flow.Flag{flow.SYNACK, flow.ACK, flow.RST, flow.INVALID}, begin, []func(){whole, stray}},
		{flow.INVALID, []flow.Flag{flow.SYN, flow.SYNACK, flow.ACK, flow.RST}, stray, []func(){whole}},
		{flow.FlagNone, []flow.Flag{flow.SYN, flow.SYNACK, flow.ACK, flow.RST, flow.INVALID}, datagram, []func(){whole, stray}},
	} {
		r, err := Open(Config{Poll: time.Millisecond, MarkHandshake: 4, RingBytes: page, SynRingBytes: page, RefusedRingBytes: page, FirstRingBytes: page})
		if err != nil {
			t.Fatal(err)
		}
		for range flood {
			tt.flood()
		}
		for range calm {
			for _, send := range tt.calm {
				send()
			}
		}
		checkFlood(t, r, tt.kind, flood, tt.others, calm)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkFlood reads what there is: of the flood's kind some was lost, which is
// counted, and all of the others is there.
func checkFlood(t *testing.T, r *Recorder, kind flow.Flag, flood uint64, others []flow.Flag, calm uint64) {
	t.Helper()
	stats, err := r.Stats()
	if err != nil {
		t.Fatal(err)
	}
	got := map[flow.Flag]uint64{}
	for _, e := range read(t, r) {
		got[e.Flag]++
	}
	lost, recorded := stats.Lost[kind], stats.Recorded[kind]
	if lost == 0 || Total(stats.Lost) != lost {
		t.Errorf("flood of %v: lost %v", kind, stats.Lost)
	}
	if got[kind] == 0 || got[kind] != recorded || got[kind]+lost < flood {
		t.Errorf("flood of %d %v: %d came out, %d were recorded, %d lost", flood, kind, got[kind], recorded, lost)
	}
	for _, f := range others {
		if got[f] != calm {
			t.Errorf("flood of %v: %d events %v, want %d", kind, got[f], f, calm)
		}
	}
}
