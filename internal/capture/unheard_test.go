package capture

import (
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// Of what happened while nobody listened, nobody knows the kernel's reasons:
// silence says nothing then.
func TestNobodyHeardTheReasons(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	askTheKernel(t)
	config := Config{Poll: time.Millisecond, PinPath: PinPath(pinName(t)), Reasons: true}
	send := func() {
		for port, flags := range map[uint16]string{5001: "A", 5002: "SA"} {
			router.Client.Send(t, testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, port),
				Dest: netip.AddrPortFrom(router.Server.Address, 2222), Flags: flags, Seq: 1, Ack: 1, ID: port}.Bytes(t))
		}
	}
	for life, want := range []map[uint16]flow.Reason{
		{5001: flow.NoState, 5002: flow.InvalidNew},
		{5001: flow.UnknownReason, 5002: flow.UnknownReason},
	} {
		if life == 1 {
			send() // with no process there
		}
		r, err := Open(config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		if life == 0 {
			send()
		}
		for _, e := range collect(t, r, 2) {
			if port := e.Packet.Source.Port(); e.Reason != want[port] {
				t.Errorf("life %d, %v: reason %s, want %s", life, e.TCPFlags, e.Reason, want[port])
			}
		}
		// It is no loss of the one who was not there.
		if stats, err := r.Stats(); err != nil || stats.ReasonsLacking != 0 {
			t.Errorf("life %d: %d reasons lacking, %v", life, stats.ReasonsLacking, err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A packet for which the kernel always has a reason, and which comes without,
// is not taken for one without reason.
func TestALostReasonIsCounted(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	askTheKernel(t)
	r, err := Open(Config{Poll: time.Millisecond, Reasons: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	// The kernel does not say it any more: as if it had been lost on the way.
	if err := os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_log_invalid", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	for port, flags := range []string{"SA", "R", "FA", "A"} {
		router.Client.Send(t, testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, uint16(5011+port)),
			Dest: netip.AddrPortFrom(router.Server.Address, 2222), Flags: flags, Seq: 1, Ack: 1, ID: 9}.Bytes(t))
	}
	for i, e := range collect(t, r, 4) {
		want := flow.UnknownReason
		if e.TCPFlags == flow.BitACK { // about these it never says anything
			want = flow.NoState
		}
		if e.Reason != want {
			t.Errorf("event %d, %v: reason %s, want %s", i, e.TCPFlags, e.Reason, want)
		}
	}
	if stats, err := r.Stats(); err != nil || stats.ReasonsLacking != 3 {
		t.Errorf("%d reasons lacking, %v", stats.ReasonsLacking, err)
	}
}
