package capture

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// What was peeked at stays, until it is taken.
func TestPeekingTakesNothing(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	r, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	syns := r.set.rings[slices.IndexFunc(r.set.rings, func(r *ring) bool { return r.name == RecordMapSyns })]
	sendSYNs(t, router, 5)
	record := recordBytes(uint32(eventSize))
	for range 2 {
		if g, err := syns.peek(everything); err != nil || len(g.bytes) != 5*record || g.more {
			t.Errorf("peek: %d bytes, more %v, %v", len(g.bytes), g.more, err)
		}
	}
	for _, tt := range []struct{ max, records int }{{1, 1}, {record, 1}, {2*record + 1, 2}} {
		if g, err := syns.peek(tt.max); err != nil || len(g.bytes) != tt.records*record || !g.more {
			t.Errorf("peek(%d): %d bytes, more %v, %v", tt.max, len(g.bytes), g.more, err)
		}
	}
	if syns.fill() != 5*record {
		t.Errorf("%d bytes wait", syns.fill())
	}
	if err := syns.skipTo(uint64(2 * record)); err != nil || syns.fill() != 3*record {
		t.Errorf("%d bytes wait after skipTo, %v", syns.fill(), err)
	}
	if err := syns.skipTo(uint64(record)); err != nil || syns.fill() != 3*record {
		t.Errorf("skipTo went back: %d bytes wait, %v", syns.fill(), err)
	}
	if err := syns.skipTo(uint64(6 * record)); err == nil {
		t.Error("skipTo went where the ring has never been")
	}
	g, err := syns.peek(everything)
	if err != nil {
		t.Fatal(err)
	}
	syns.advance(g.end())
	if g, err := syns.peek(everything); err != nil || len(g.bytes) != 0 {
		t.Errorf("an empty ring has %d bytes, %v", len(g.bytes), err)
	}
}

// memoryRing is a ring that no kernel writes to.
func memoryRing(bytes int) *ring {
	return &ring{name: "r", consumer: new(uintptr), producer: new(uintptr), data: make([]byte, 2*bytes)}
}

// write writes an event into a ring in which there is room to its end.
func (r *ring) write(after time.Duration, bits uint32) (head *uint32) {
	at, e := r.data[*r.producer:], event(0, 1)
	e.E.TimeNs = uint64(after)
	copy(at[headBytes:], sampleOf(e))
	head = (*uint32)(unsafe.Pointer(&at[0]))
	*head = uint32(eventSize) | bits
	*r.producer += uintptr(recordBytes(uint32(eventSize)))
	return head
}

// While a program is interrupted as it writes an event, what others write after
// it in the same ring waits, and so does what is younger in other rings: the
// order of time holds.
func TestAnUnfinishedEventHoldsBackYoungerOnes(t *testing.T) {
	t.Parallel()
	rings := []*ring{memoryRing(os.Getpagesize()), memoryRing(os.Getpagesize())}
	r := &Recorder{behind: math.MaxInt64, gaps: newGapCounter(), decoder: decoder{clock: newClock(0, 0), interfaces: &interfaceNames{}}}
	sets := []*set{{layout: currentLayout, rings: rings}}
	var got []int64
	turn := func(want ...int64) {
		t.Helper()
		got = nil
		_, err := r.turnOf(sets, false, func(events []flow.Event) {
			for _, e := range events {
				got = append(got, e.Time.Unix())
			}
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("handed out %v, %v; want %v", got, err, want)
		}
	}
	rings[0].write(1*time.Second, 0)
	unfinished := rings[0].write(2*time.Second, busyBit)
	rings[0].write(4*time.Second, 0)
	rings[1].write(3*time.Second, 0)
	rings[1].write(5*time.Second, 0)
	turn() // 1 could have come after the unfinished one on another CPU
	*unfinished = uint32(eventSize)
	turn(1, 2, 3, 4, 5)
}

// Of a backlog a ring with few events is not read further than the fullest one
// has come: what waits in memory, and in the head of each segment of the journal,
// stays little. All of it comes in order, at the end too.
func TestABacklogIsReadEvenly(t *testing.T) {
	t.Parallel()
	const many, batch = 1000, 10
	for _, last := range []bool{false, true} {
		d := &diary{full: 2, deadline: -1}
		r := reader(batch, memoryRing(1<<18), memoryRing(1<<18))
		r.book.journal = d
		rings := r.set.rings
		for n := range time.Duration(many) {
			rings[0].write(n*time.Millisecond, 0)
			if n%5 == 0 {
				rings[1].write(n*time.Millisecond, 0)
			}
		}
		var got []int64
		deliver := func(events []flow.Event) {
			for _, e := range events {
				got = append(got, e.Time.UnixNano())
			}
		}
		if last {
			if err := r.readOff(deliver); err != nil {
				t.Fatal(err)
			}
		}
		for more := !last; more; {
			var err error
			if more, err = r.turn(false, deliver); err != nil {
				t.Fatal(err)
			}
			if len(r.queue.items) > 2*batch {
				t.Fatalf("%d events wait after %d were handed out", len(r.queue.items), len(got))
			}
		}
		if len(got) != many+many/5 || !slices.IsSorted(got) {
			t.Errorf("%d events were handed out, in order %v", len(got), slices.IsSorted(got))
		}
		for _, record := range d.records {
			if record.kind == kindHead && len(record.content) > 3*batch*recordBytes(uint32(eventSize)) {
				t.Errorf("a head of %d bytes", len(record.content))
			}
		}
	}
}

// reader reads rings that no kernel writes to, a few events at a time, as a
// process does that has just begun.
func reader(batch int, rings ...*ring) *Recorder {
	r := &Recorder{config: Config{Batch: batch * recordBytes(uint32(eventSize))}, behind: math.MaxInt64, gaps: newGapCounter(),
		decoder: decoder{clock: newClock(0, 0), interfaces: &interfaceNames{}}, set: &set{layout: currentLayout}}
	for _, ring := range rings {
		again := *ring
		again.newest = 0
		r.set.rings = append(r.set.rings, &again)
	}
	r.queue = newQueue(nil, nil)
	return r
}

// Processes that are killed soon after they began have each read a little of all
// rings, and what they read waits on in the next one. However many they were, the
// last of them reads the ring that is behind, and hands everything out.
func TestReadingGoesOnAfterKills(t *testing.T) {
	t.Parallel()
	const many, batch, kills = 300, 10, 2 * maxWaiting
	older, younger := memoryRing(1<<18), memoryRing(1<<18)
	for n := range time.Duration(many) {
		older.write(n*time.Millisecond, 0)
		younger.write(n*time.Millisecond+time.Second, 0)
	}
	var got []int64
	deliver := func(events []flow.Event) {
		for _, e := range events {
			got = append(got, e.Time.UnixNano())
		}
	}
	r := reader(batch, older, younger)
	for range kills {
		if _, err := r.turn(false, deliver); err != nil {
			t.Fatal(err)
		}
		next := reader(batch, older, younger)
		next.queue.items = r.queue.items // by way of the journal
		r = next
	}
	if len(r.queue.items) <= maxWaiting*batch {
		t.Fatalf("only %d events wait: this shows nothing", len(r.queue.items))
	}
	for range 2 * 2 * many / batch {
		if _, err := r.turn(false, deliver); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 2*many || !slices.IsSorted(got) {
		t.Errorf("%d events of %d were handed out, in order %v; %d wait", len(got), 2*many, slices.IsSorted(got), len(r.queue.items))
	}
}

// While an event waits for its reason, no more is read than a few batches.
func TestWhatWaitsForAReasonHasAnEnd(t *testing.T) {
	t.Parallel()
	const many, batch = 1000, 10
	r := reader(batch, memoryRing(1<<18))
	r.queue = newQueue(&reasons{texts: map[reasonKey][]reasonText{}, listener: &listener{}, until: math.MaxInt64}, nil)
	unexplained := r.set.rings[0].write(0, 0)
	(*RecordEvent)(unsafe.Add(unsafe.Pointer(unexplained), headBytes)).Flag = uint8(flow.INVALID)
	for n := range time.Duration(many) {
		r.set.rings[0].write((n+1)*time.Millisecond, 0)
	}
	got, most := 0, 0
	for deadline := time.Now().Add(20 * time.Second); got <= many && time.Now().Before(deadline); {
		if _, err := r.turn(false, func(events []flow.Event) { got += len(events) }); err != nil {
			t.Fatal(err)
		}
		most = max(most, len(r.queue.items))
	}
	if got != many+1 || most <= batch || most > (maxWaiting+1)*batch {
		t.Errorf("%d events of %d; %d waited", got, many+1, most)
	}
}

// Regions come back from a journal: their bytes may be anything.
func FuzzSamples(f *testing.F) {
	sample := func(head uint32, data int) []byte {
		return append(binary.NativeEndian.AppendUint64(nil, uint64(head)), make([]byte, (data+7)/8*8)...)
	}
	f.Add(slices.Concat(sample(12, 12), sample(8|discardBit, 8), sample(3, 3), sample(9|busyBit, 9)), uint32(16))
	f.Add([]byte{1, 2, 3}, uint32(0))
	f.Fuzz(func(t *testing.T, bytes []byte, skip uint32) {
		g := region{bytes: bytes, skip: []uint32{skip}}
		end := 0
		for at, data := range g.samples() {
			if at == skip || int(at) < end || int(at)+headBytes+len(data) > len(bytes) {
				t.Errorf("a sample of %d bytes at %d after %d, skip %d", len(data), at, end, skip)
			}
			end = int(at) + headBytes + len(data)
			for _, l := range []layout{layout2, currentLayout, 99} {
				_, _ = l.parse(data)
			}
		}
	})
}

// BenchmarkRing is what one core takes from a ring that is full of SYNs: into
// a journal, in the order of time, decoded and handed out.
func BenchmarkRing(b *testing.B) {
	testnet.NeedRoot(b)
	router := testnet.NewRouter(b)
	nft(b, conntrackOnly)
	j := newScratch(b)
	r, err := Open(Config{Journal: j})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.Close() })
	delivered := 0
	deliver := func(events []flow.Event) { delivered += len(events) }
	if err := r.Resume(func(Recalled) {}); err != nil {
		b.Fatal(err)
	}
	syns := r.set.rings[slices.IndexFunc(r.set.rings, func(r *ring) bool { return r.name == RecordMapSyns })]
	packet := testnet.TCP{Source: netip.AddrPortFrom(router.Client.Address, 1000),
		Dest: netip.AddrPortFrom(router.Server.Address, 80), Flags: "S", Seq: 1}.Bytes(b)
	for syns.fill() < syns.size()-2*recordBytes(uint32(eventSize)) {
		router.Client.Send(b, packet)
	}
	time.Sleep(2 * settle)
	start := syns.position()
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		// The records are still there: nobody sends any more.
		atomic.StoreUintptr(syns.consumer, uintptr(start))
		j.size = 0
		for more := true; more; {
			if more, err = r.turn(false, deliver); err != nil {
				b.Fatal(err)
			}
		}
	}
	per := float64(cpuTime(b)-before) / float64(delivered)
	b.ReportMetric(per, "cpu-ns/event")
	b.ReportMetric(1e9/per, "events/s/core")
}

// BenchmarkRecall is what reading the journal back costs at every start.
func BenchmarkRecall(b *testing.B) {
	d := &diary{deadline: -1}
	j := book{journal: d}
	const batches, each = 100, 500
	var bytes []byte
	for range each {
		r := event(1, 80)
		r.E.Sport = uint16(len(bytes))
		bytes = append(binary.NativeEndian.AppendUint64(bytes, uint64(eventSize)), sampleOf(r)...)
	}
	err := j.begin(head{boot: "b"})
	for n := range batches {
		err = errors.Join(err, j.batch([]region{{layout: currentLayout, ring: 1, start: uint64(n * len(bytes)), bytes: bytes}}),
			j.delivery(delivery{count: each}))
	}
	if err != nil {
		b.Fatal(err)
	}
	events := 0
	for b.Loop() {
		c := recaller{tell: func(b Recalled) { events += len(b.Events) }, now: "b"}
		if err := d.Each(c.record); err != nil || len(c.doubts) > 0 {
			b.Fatal(err, c.doubts)
		}
		c.done(Interrupted)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
}

// cpuTime is that of this thread, which the router keeps on one CPU: what
// others do on a busy machine is not counted.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// scratch is a journal for a benchmark: it writes to a file as a real one does,
// over and over.
type scratch struct {
	file *os.File
	size int64
}

func newScratch(b *testing.B) *scratch {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "journal"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	return &scratch{file: f}
}

func (s *scratch) Append(_ uint8, parts ...[]byte) error {
	for _, p := range parts {
		n, err := s.file.WriteAt(p, s.size)
		if s.size += int64(n); err != nil {
			return err
		}
	}
	return nil
}

func (s *scratch) Begin(kind uint8, parts ...[]byte) error { return s.Append(kind, parts...) }
func (s *scratch) Full() bool                              { return false }
func (s *scratch) Damaged() bool                           { return false }
func (s *scratch) Each(func(uint8, []byte) error) error    { return nil }

// An event stands where an older one stood, and has nothing of it.
func TestAnEventHasNothingOfTheOneBefore(t *testing.T) {
	t.Parallel()
	q := newQueue(nil, nil)
	full := make([]byte, event6Size)
	for i := range full {
		full[i] = 0xff
	}
	if _, err := q.add(currentLayout, full); err != nil {
		t.Fatal(err)
	}
	q.items[0].reasoned, q.items[0].reason, q.items[0].text = true, flow.NoState, "a sentence"
	q.drop(1)
	r, err := q.add(currentLayout, make([]byte, eventSize))
	if err != nil {
		t.Fatal(err)
	}
	d := decoder{clock: newClock(0, 0), interfaces: &interfaceNames{}}
	old := flow.Event{In: "eth9", ReasonText: "a sentence", ConnectionID: "x", Rule: 7, Reason: flow.NoState, Zone: 9, Window: 5}
	got := d.events([]flow.Event{old}, q.items)[0]
	if r.v6 || q.items[0].reasoned {
		t.Errorf("of the one before: IPv6 %v, reasoned %v", r.v6, q.items[0].reasoned)
	}
	want := d.events(nil, []pending{{}})[0]
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
