package capture

import (
	"context"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// A flood of INVALID packets turns listening off; they are recorded all the
// same. When it has been calm for some seconds it is turned on again.
func TestAFloodTurnsListeningOff(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	askTheKernel(t)
	const limit, flood = 500, 20_000
	var changes []Listening
	var asked []bool
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	answered := netip.AddrPortFrom(router.Server.Address, 22)
	stray := func(port uint16) []byte { // a SYN-ACK without a SYN: conntrack has a text for it
		return testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, port), Dest: answered, Flags: "SA", Seq: 1, Ack: 1}.Bytes(t)
	}
	r, err := Open(Config{Poll: time.Millisecond, Reasons: true, ReasonsRate: limit, Ask: func(on bool) error {
		asked = append(asked, on)
		return askTheKernelOrNot(on)
	}, Listening: func(c Listening) {
		if changes = append(changes, c); c.On {
			router.Client.Send(t, stray(9))
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	packet := stray(8)
	go func() {
		for range flood {
			router.Client.Send(t, packet)
		}
	}()
	reasons, invalid := map[flow.Reason]int{}, 0
	var last flow.Event
	if err := r.Run(ctx, func(events []flow.Event) {
		for _, e := range events {
			reasons[e.Reason]++
			invalid++
			if last = e; e.Packet.Source.Port() == 9 {
				cancel()
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	stats, err := r.Stats()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v; %+v; lacking %d, overruns %d", reasons, changes, stats.ReasonsLacking, stats.ReasonOverruns)
	if len(changes) != 2 || changes[0].On || !changes[1].On || changes[0].Err != nil || changes[1].Err != nil ||
		changes[0].Count <= limit || changes[0].Rate <= limit || changes[0].Limit != limit {
		t.Errorf("changes %+v", changes)
	}
	if invalid != flood+1 || reasons[flow.InvalidNew]+reasons[flow.UnknownReason] != flood+1 || reasons[flow.UnknownReason] < flood/4 {
		t.Errorf("reasons %v of %d", reasons, flood+1)
	}
	if len(asked) != 2 || asked[0] || !asked[1] {
		t.Errorf("the kernel was asked %v, want no and yes", asked)
	}
	if last.Reason != flow.InvalidNew {
		t.Errorf("after the flood: %+v", last)
	}
	if !stats.Listening || stats.ReasonsLacking > uint64(reasons[flow.UnknownReason]) {
		t.Errorf("Stats() = %+v", stats)
	}
}

// askTheKernelOrNot is what a firewall does with the setting.
func askTheKernelOrNot(on bool) error {
	value := "0"
	if on {
		value = "6"
	}
	return os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_log_invalid", []byte(value), 0)
}

// BenchmarkInvalidFlood is how fast a flood of INVALID packets is taken, by
// who hears what the kernel says of them.
func BenchmarkInvalidFlood(b *testing.B) {
	testnet.NeedRoot(b)
	router := testnet.NewRouter(b)
	nft(b, conntrackOnly)
	askTheKernel(b)
	packet := testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, 8), Dest: netip.AddrPortFrom(router.Server.Address, 22),
		Flags: "SA", Seq: 1, Ack: 1}.Bytes(b)
	const never = 1 << 30
	for _, tt := range []struct {
		name    string
		asked   bool // of the kernel: nf_conntrack_log_invalid
		reasons bool
		rate    int
		ask     func(bool) error
	}{
		{"nobody asks", false, false, 0, nil},
		{"nobody listens", true, false, 0, nil},
		{"always listened to", true, true, never, nil},
		{"listened to while it is rare", true, true, 0, nil},
		{"and asked while it is rare", true, true, 0, askTheKernelOrNot},
	} {
		b.Run(tt.name, func(b *testing.B) {
			if err := askTheKernelOrNot(tt.asked); err != nil {
				b.Fatal(err)
			}
			r, err := Open(Config{Reasons: tt.reasons, ReasonsRate: tt.rate, Ask: tt.ask})
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan error)
			go func() { done <- r.Run(ctx, func([]flow.Event) {}) }()
			runtime.LockOSThread() // which forwards what it sends
			defer runtime.UnlockOSThread()
			before := threadTime(b)
			for b.Loop() {
				router.Client.Send(b, packet)
			}
			b.ReportMetric(float64((threadTime(b)-before).Nanoseconds())/float64(b.N), "ns-passing/packet")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
			cancel()
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		})
	}
}

// threadTime is the CPU time of this thread, which other programs of the host do not
// move.
func threadTime(b *testing.B) time.Duration {
	b.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ts.Nano())
}
