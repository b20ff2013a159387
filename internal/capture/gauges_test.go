package capture

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

func gauges(t *testing.T, r *Recorder) Gauges {
	t.Helper()
	g, err := r.Gauges()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGaugesTellWhatWaitsInTheRings(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	r, err := Open(Config{Poll: time.Millisecond, RingBytes: 1 << 20, SynRingBytes: 1 << 18, RefusedRingBytes: 1 << 16, FirstRingBytes: 1 << 15})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	const header = 8 // BPF_RINGBUF_HDR_SZ
	for _, waiting := range []int{0, 3, 0} {
		sendSYNs(t, router, waiting)
		want := []RingGauge{{"events", 0, 1 << 20}, {"syns", waiting * (eventSize + header), 1 << 18}, {"refused", 0, 1 << 16}, {"firsts", 0, 1 << 15}}
		if got := gauges(t, r).Rings; !slices.Equal(got, want) {
			t.Errorf("with %d events: %+v, want %+v", waiting, got, want)
		}
		if waiting > 0 {
			collect(t, r, waiting)
		}
	}
}

// The statistics are those of the program that runs, which behind a pinned
// link is an earlier process's.
func TestGaugesTellOfTheProgramThatRuns(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	name := pinName(t)
	var counted uint64
	for range 2 {
		r, err := Open(Config{PinPath: PinPath(name)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() })
		if before := gauges(t, r).Programs; counted == 0 && len(before) != 0 {
			t.Errorf("programs that never ran: %+v", before)
		}
		// Unlike the sysctl, this is over when the test is, however it ends.
		statistics, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
		if err != nil {
			t.Fatal(err)
		}
		sendSYNs(t, router, 5)
		statistics.Close()
		programs := gauges(t, r).Programs
		if len(programs) == 0 || programs[0].Name != "record4" || programs[0].Runs < counted+5 || programs[0].Time <= 0 {
			t.Fatalf("after %d and 5 packets: %+v", counted, programs)
		}
		counted = programs[0].Runs
		r.Close()
	}
}

// While the one who gets the events is busy with them, they grow older.
func TestGaugesTellHowFarTheReaderIsBehind(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	r, err := Open(Config{Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	sendSYNs(t, router, 1)
	sent := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	err = r.Run(ctx, func([]flow.Event) {
		time.Sleep(50 * time.Millisecond)
		if lag := gauges(t, r).Lag; lag < 50*time.Millisecond || lag > time.Since(sent)+time.Second {
			t.Errorf("lag %v, %v after the event", lag, time.Since(sent))
		}
		cancel()
	})
	if err != nil {
		t.Fatal(err)
	}
	if lag := gauges(t, r).Lag; lag != 0 {
		t.Errorf("lag %v with everything delivered", lag)
	}
}

// What waits in the rings makes the reader late, before and after it is read.
func TestTheBacklogOfTheRingsIsLag(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	r, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	check := func(when string, late bool) {
		t.Helper()
		if lag := gauges(t, r).Lag; (lag >= 20*time.Millisecond) != late || lag > time.Minute {
			t.Errorf("%s: lag %v", when, lag)
		}
	}
	if err := r.noteBacklog(); err != nil {
		t.Fatal(err)
	}
	check("without a packet", false)
	sendSYNs(t, router, 3)
	time.Sleep(20 * time.Millisecond)
	if err := r.noteBacklog(); err != nil {
		t.Fatal(err)
	}
	check("before the first turn", true)
	if _, err := r.turn(false, func([]flow.Event) {}); err != nil {
		t.Fatal(err)
	}
	check("when all is read", false)
}

func TestGaugesMayBeAskedWhileTheRecorderReadsAndCloses(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	r, err := Open(Config{Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() {
		if err := r.Run(ctx, func([]flow.Event) {}); err != nil {
			t.Error(err)
		}
		r.Close()
	})
	work.Go(func() {
		for {
			g, err := r.Gauges()
			if errors.Is(err, os.ErrClosed) {
				return
			}
			if err != nil || len(g.Rings) != 4 || g.Rings[0].Fill < 0 || g.Rings[0].Fill > g.Rings[0].Size {
				t.Errorf("Gauges() = %+v, %v", g, err)
				return
			}
		}
	})
	sendSYNs(t, router, 50)
	cancel()
	work.Wait()
}

// What was delivered is known also to who was kept from reading: a moment is
// never given before which an event waits.
func TestWhatIsDelivered(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	r, err := Open(Config{Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	sendSYNs(t, router, 3)
	if at := r.Delivered(); !at.IsZero() {
		t.Errorf("before it read: %v", at)
	}
	ctx, cancel := context.WithCancel(t.Context())
	batches := 0
	if err := r.Run(ctx, func(events []flow.Event) {
		if at := r.Delivered(); !at.Before(events[0].Time) {
			t.Errorf("delivered up to %v, while an event of %v is", at, events[0].Time)
		}
		if batches++; batches == 2 {
			cancel()
			return
		}
		sendSYNs(t, router, 2)            // they wait in the ring
		time.Sleep(20 * time.Millisecond) // as a process that is stopped
	}); err != nil {
		t.Fatal(err)
	}
	if at := r.Delivered(); time.Since(at) > time.Second {
		t.Errorf("in the end: %v", at)
	}
}
