package capture

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// recordWithLayout2 is what a process of layout 2 has left behind: its program,
// attached and pinned, and nobody who reads.
func recordWithLayout2(t *testing.T, name string) {
	t.Helper()
	ns, err := namespace()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(PinPath(name), "v2-0123456789ab-"+ns)
	if err := makePinPath(folder); err != nil {
		t.Fatal(err)
	}
	spec, err := ebpf.LoadCollectionSpec("testdata/layout2_bpfel.o")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{"events", "syns", "refused", "counters", "unwanted"} {
		spec.Maps[m].Pinning = ebpf.PinByName
	}
	modules, err := conntrackTypes()
	if err != nil {
		t.Fatal(err)
	}
	c, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{
		Maps: ebpf.MapOptions{PinPath: folder}, Programs: ebpf.ProgramOptions{ExtraRelocationTargets: modules}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	carried, err := newCarried()
	if err != nil {
		t.Fatal(err)
	}
	defer carried.Close()
	if err := carried.Pin(filepath.Join(folder, carriedName)); err != nil {
		t.Fatal(err)
	}
	for _, h := range hooks {
		l, err := attachForward(h.family, c.Programs[h.program], HookPriority)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Pin(filepath.Join(folder, h.name)); err != nil {
			t.Fatal(err)
		}
		l.Close()
	}
}

// recordOtherwise is what a process with other settings has left behind.
func recordOtherwise(t *testing.T, name string) {
	t.Helper()
	r, err := Open(Config{PinPath: PinPath(name), RingBytes: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// storm sends SYNs from every CPU, no two alike, until it is stopped. It never
// runs out of packets, so no test of it depends on how fast a host is; but it
// pauses at its limit, so that what it sends fits in the rings wherever nobody
// reads them for long.
type storm struct {
	sent, limit atomic.Int64
	stop        chan struct{}
	work        sync.WaitGroup
}

// gust is how many packets a storm may send beyond what was asked for: a
// quarter of what the smallest ring holds.
const gust = 10_000

func newStorm(t *testing.T, router *testnet.Router) *storm {
	t.Helper()
	s := &storm{stop: make(chan struct{})}
	s.limit.Store(gust)
	for cpu := range runtime.NumCPU() {
		s.work.Go(func() {
			runtime.LockOSThread() // and never unlocked: it keeps its affinity to itself
			var one unix.CPUSet
			one.Set(cpu)
			if err := unix.SchedSetaffinity(0, &one); err != nil {
				t.Error(err)
			}
			s.blow(t, router, cpu)
		})
	}
	t.Cleanup(s.end)
	return s
}

func (s *storm) blow(t *testing.T, router *testnet.Router, cpu int) {
	for i := 0; ; i++ {
		if i%10 == 0 { // some thousands a second
			time.Sleep(time.Millisecond)
		}
		for s.sent.Load() >= s.limit.Load() && !s.stopped() {
			time.Sleep(time.Millisecond)
		}
		if s.stopped() {
			return
		}
		syn := testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, uint16(1+i%60_000)),
			Dest: netip.AddrPortFrom(router.Server.Address, uint16(1+cpu+runtime.NumCPU()*(i/60_000))), Flags: "S", Seq: 1}
		router.Client.Send(t, syn.Bytes(t))
		s.sent.Add(1)
	}
}

// more waits until so many more packets are sent.
func (s *storm) more(t *testing.T, packets int64) {
	t.Helper()
	until := s.sent.Load() + packets
	s.limit.Store(until + gust)
	await(t, func() bool { return s.sent.Load() > until })
}

func (s *storm) stopped() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

func (s *storm) end() {
	if !s.stopped() {
		close(s.stop)
	}
	s.work.Wait()
}

// A program of another layout, or with other settings, takes the place of one
// that records at full speed: every packet is recorded, and none twice, also
// when the process is killed on the way, wherever that is.
func TestATakeoverMissesNothingAndRepeatsNothing(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	for _, tt := range []struct {
		name        string
		predecessor func(*testing.T, string)
		killAt      int
		killAtKind  uint8
	}{
		{"layout 2", recordWithLayout2, -1, 0},
		{"layout 2, killed at the first record", recordWithLayout2, 0, 0},
		{"layout 2, killed at the second record", recordWithLayout2, 1, 0},
		{"layout 2, killed at the third record", recordWithLayout2, 2, 0},
		{"layout 2, killed at the fourth record", recordWithLayout2, 3, 0},
		{"layout 2, killed at the succession", recordWithLayout2, 1 << 30, kindSuccession},
		{"other ring sizes", recordOtherwise, -1, 0},
	} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s (written: %v)", tt.name, after), func(t *testing.T) {
				if after && tt.killAt < 0 {
					t.SkipNow()
				}
				takeOver(t, router, tt.predecessor, &diary{deadline: tt.killAt, kind: tt.killAtKind, after: after})
			})
		}
	}
}

func takeOver(t *testing.T, router *testnet.Router, predecessor func(*testing.T, string), d *diary) {
	name := pinName(t)
	predecessor(t, name)
	storm := newStorm(t, router)
	storm.more(t, 1000)
	s := &shelf{deadline: -1}
	config := Config{Poll: time.Millisecond, PinPath: PinPath(name), Journal: d, Mark: s.mark}
	killed := d.deadline >= 0
	if killed {
		live(t, config, s, 1<<30)
		d.deadline = -1
	}
	r, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	resumeSlowly(t, r, s, func() { storm.more(t, 500) })
	storm.end()
	stats, err := r.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	sent := int(storm.sent.Load())
	live(t, config, s, sent)
	if recorded, lost := int(Total(stats.Recorded)), int(Total(stats.Lost)); recorded != sent || lost != 0 {
		t.Errorf("%d recorded and %d lost of %d", recorded, lost, sent)
	}
	seen, numbers, epochs := map[flow.Tuple]int{}, map[flow.Number]int{}, map[uint64]int{}
	for _, e := range s.events {
		seen[e.Packet]++
		numbers[e.Number]++
		epochs[e.Number.Seq>>epochShift]++
	}
	if len(s.events) != sent || len(seen) != sent || len(numbers) != sent {
		t.Errorf("%d events of %d packets with %d numbers, %d were sent", len(s.events), len(seen), len(numbers), sent)
	}
	if both := d.skipped(t); both == 0 && !killed {
		t.Error("no packet was seen by both programs: nothing was tried")
	}
	if len(epochs) != 2 || epochs[0] == 0 || epochs[1] == 0 {
		t.Errorf("events by epoch: %v", epochs)
	}
	if left, _ := os.ReadDir(PinPath(name)); len(left) != 1 {
		t.Errorf("pinned: %v", left)
	}
}

// Whatever was pinned under a firewall's name is taken away, and its places at
// the hook are free at once.
func TestAllLayoutsAreRemoved(t *testing.T) {
	testnet.NeedRoot(t)
	name := pinName(t)
	for range 3 {
		recordWithLayout2(t, name)
		recordOtherwise(t, name)
		r, err := Open(Config{PinPath: PinPath(name)})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if folders, _ := os.ReadDir(PinPath(name)); len(folders) != 3 || !Pinned(name) {
			t.Errorf("pinned: %v, %v", folders, Pinned(name))
		}
		if err := RemovePinned(name); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(PinPath(name)); !os.IsNotExist(err) || Pinned(name) {
			t.Errorf("still pinned: %v, %v", err, Pinned(name))
		}
	}
}

// A layout that is not known here, as after a downgrade, is taken away, and it
// is said what is lost with it.
func TestAnUnknownLayoutIsTakenAway(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	name := pinName(t)
	recordWithLayout2(t, name)
	made, err := filepath.Glob(filepath.Join(PinPath(name), "v2-*"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(made[0], filepath.Join(PinPath(name), "v99-later")); err != nil {
		t.Fatal(err)
	}
	sendSYNs(t, router, 3)
	r, err := Open(Config{Poll: time.Millisecond, PinPath: PinPath(name)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	if err := r.Resume(func(Recalled) { t.Error("events of an unknown layout") }); err != nil {
		t.Fatal(err)
	}
	if doubts := r.Doubts(); len(doubts) != 1 || !strings.Contains(doubts[0].Error(), "312 bytes of events in its rings are lost") {
		t.Errorf("doubts: %v", doubts)
	}
	if u := r.Unreadable(); len(u) != 1 || u[0].Count != 3 || !u[0].From.IsZero() || time.Since(u[0].To) > time.Minute {
		t.Errorf("unreadable: %+v", u)
	}
	sendSYNs(t, router, 2)
	collect(t, r, 2)
	if stats, err := r.Stats(); err != nil || stats.Recorded[flow.SYN] != 5 {
		t.Errorf("recorded by both programs: %v, %v", stats.Recorded, err)
	}
	if left, _ := os.ReadDir(PinPath(name)); len(left) != 1 {
		t.Errorf("pinned: %v", left)
	}
}

// resumeSlowly does what Resume does, with pauses: long enough for both programs
// to see the same packets.
func resumeSlowly(t *testing.T, r *Recorder, s *shelf, pause func()) {
	t.Helper()
	r.resumed = true
	if err := r.recall(s.recall); err != nil {
		t.Fatal(err)
	}
	if err := r.joinPredecessors(s.take); err != nil {
		t.Fatal(err)
	}
	pause()
	if err := r.replacePredecessors(); err != nil {
		t.Fatal(err)
	}
	pause()
}

// skipped is how many events of predecessors were left out.
func (d *diary) skipped(t *testing.T) (n int) {
	t.Helper()
	for _, r := range d.records {
		if r.kind == kindSuccession {
			s, err := readSuccession(r.content)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range s.regions {
				n += len(g.skip)
			}
		}
	}
	return n
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}
