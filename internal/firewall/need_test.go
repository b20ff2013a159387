package firewall

import (
	"encoding/binary"
	"log/slog"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
	"github.com/sekisho/sekisho/internal/settings"
	"github.com/sekisho/sekisho/internal/spool"
)

// The kinds of records in the journal of a rig.
const (
	rigHead     = 1 // events that wait
	rigBatch    = 2 // events that were read
	rigDelivery = 3 // how many of them are handed out, and the mark
)

// eventBytes is about what an event takes in a ring.
const eventBytes = 184

// rigRings are the rings in which events are, by the end of their numbers.
var rigRings = [...]string{"012356", "49", "78"}

// rig is a firewall whose rings are a counter: it reads, journals, hands out and
// recalls as a recorder does, and closes segments when it is told to.
type rig struct {
	*Firewall
	t       *testing.T
	folder  string
	random  *rand.Rand
	every   time.Duration  // a generation is closed
	closing *atomic.Uint64 // generations before it may be closed
	spools  *[]*spool.Spool
	came    uint32                // events, of which some wait in the rings
	read    [len(rigRings)]uint32 // the newest that was read of each ring
	behind  uint32                // the ring that is furthest behind was read up to there, if any has more
	queue   []uint32
	last    *capture.Recalled
}

func newRig(t *testing.T, random *rand.Rand, every time.Duration, config Config) *rig {
	t.Helper()
	r := &rig{t: t, folder: t.TempDir(), random: random, every: every, spools: &[]*spool.Spool{}}
	config.Name, config.StateFolder = "rig", filepath.Join(r.folder, "state")
	config.Logs.Spool.Folder = filepath.Join(r.folder, "spool")
	r.Firewall = &Firewall{config: &config}
	t.Cleanup(func() {
		r.closing.Store(0)
		for _, s := range *r.spools {
			_ = s.Close()
		}
	})
	r.open()
	return r
}

// open is the start of a process.
func (r *rig) open() {
	f := &Firewall{config: r.config, ledger: &ledger{}, source: &logs.Source{Firewall: "rig"}, stream: newStream(&logs.Source{Firewall: "fw"}, &rowsTold{}), log: slog.New(slog.DiscardHandler),
		fold: newFold(r.config.Logs.foldRate()), ignored: newFold(r.config.Logs.foldRate()), ending: func() bool { return false }}
	f.connections = newConnections(f.trackerConfig(), f.stream.rows, f.publishConnections)
	closing := &atomic.Uint64{} // what a process that was killed was about to close it never does
	s, err := spool.Open(spool.Options{Folder: r.config.spoolFolder(), State: filepath.Join(r.config.stateFolder(), "spool"), Firewall: "rig",
		Every: r.every, Group: -1, Log: f.log, Unsynced: true, Ready: func(n uint64) bool { return n < closing.Load() }})
	if err != nil {
		r.t.Fatal(err)
	}
	*r.spools = append(*r.spools, s)
	f.segments.Store(s)
	o, err := f.outputsOf(0, settings.NewRouter([]settings.Setting{{Name: "all", Workspace: true}}, time.Time{}))
	if err == nil {
		f.outputs.Store(o)
		err = f.openJournal()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.Firewall, r.closing, r.queue, r.last, r.behind = f, closing, nil, nil, math.MaxUint32
	if err := f.journal.Each(r.recallRecord); err != nil {
		r.t.Fatal(err)
	}
	r.recallLast(capture.Interrupted)
	if lost := s.Losses(); len(lost) > 0 {
		r.t.Fatalf("after %d processes and %d events: lost %v", len(*r.spools), r.came, lost)
	}
}

// kill ends the process: nothing is left of it but files.
func (r *rig) kill() {
	r.closing.Store(0)
	if err := r.journal.Close(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) recallLast(state capture.RecallState) {
	if r.last != nil {
		r.last.State = state
		r.recall(*r.last)
	}
	r.last = nil
}

func (r *rig) recallRecord(kind uint8, content []byte) error {
	switch kind {
	case rigHead:
		r.recallLast(capture.Delivered)
		r.queue = numbersIn(content)
	case rigBatch:
		r.queue = append(r.queue, numbersIn(content)...)
		for _, n := range numbersIn(content) {
			r.read[ringOf(n)] = n
		}
		slices.Sort(r.queue)
	case rigDelivery:
		r.recallLast(capture.Delivered)
		n := binary.LittleEndian.Uint32(content)
		r.last = &capture.Recalled{Events: rigEvents(r.queue[:n]), Mark: slices.Clone(content[4:])}
		r.queue = r.queue[n:]
	}
	return nil
}

// turn is one of a recorder: it ends where the process is killed, after so many
// steps.
func (r *rig) turn(steps int) {
	until := r.readRings()
	if steps == 0 {
		return
	}
	n, waits := slices.BinarySearch(r.queue, until)
	if waits {
		n++
	}
	if r.random.IntN(3) == 0 { // an INVALID packet waits for its reason
		n = r.random.IntN(n + 1)
	}
	reached := rigTime(until)
	if n < len(r.queue) {
		reached = rigTime(r.queue[n])
	}
	if n == 0 {
		if !r.due(reached) {
			return
		}
		r.prepare()
	}
	r.must(r.journal.Append(rigDelivery, binary.LittleEndian.AppendUint32(nil, uint32(n)), r.mark(reached)))
	if steps == 1 {
		return
	}
	r.take(rigEvents(r.queue[:n]))
	r.queue = r.queue[n:]
}

// readRings reads a batch of each ring, as a recorder does, and returns up to
// which event all have been read.
func (r *rig) readRings() (until uint32) {
	until = min(r.came, r.behind)
	if r.hold() {
		return min(until, slices.Min(r.read[:]))
	}
	var batch []uint32
	behind := uint32(math.MaxUint32)
	for ring := range r.read {
		more := false
		if r.read[ring] <= r.behind {
			batch, more = r.readRing(batch, ring)
		}
		if more || r.read[ring] > r.behind {
			behind = min(behind, r.read[ring])
		}
	}
	r.behind = behind
	if len(batch) > 0 {
		r.prepare()
		r.must(r.journal.Append(rigBatch, recordOf(batch)))
		r.queue = append(r.queue, batch...)
		slices.Sort(r.queue)
	}
	return min(r.came, r.behind)
}

func (r *rig) readRing(batch []uint32, ring int) (_ []uint32, more bool) {
	room := r.config.Capture.batchBytes() / eventBytes
	for n := r.read[ring] + 1; n <= r.came; n++ {
		if ringOf(n) != ring {
			continue
		}
		if room == 0 {
			return batch, true
		}
		batch = append(batch, n)
		r.read[ring], room = n, room-1
	}
	return batch, false
}

// unread reports whether something waits in the rings.
func (r *rig) unread() bool {
	for n := r.came - min(r.came, 9); n <= r.came; n++ { // of each ring there is one among them
		if r.read[ringOf(n)] < n {
			return true
		}
	}
	return false
}

func ringOf(n uint32) int {
	return slices.IndexFunc(rigRings[:], func(ends string) bool { return strings.Contains(ends, strconv.Itoa(int(n%10))) })
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) prepare() {
	if r.journal.Full() {
		r.must(r.journal.Begin(rigHead, recordOf(r.queue)))
	}
}

// settle lets segments be closed that can be.
func (r *rig) settle() {
	begun := r.need.begun
	if len(begun) == 0 {
		return
	}
	until := begun[len(begun)-1].generation // which is open
	r.closing.Store(max(until, r.closing.Load()))
	for deadline := time.Now().Add(30 * time.Second); r.Firewall.spool().Closed()+1 < until; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatal("segments are not closed")
		}
	}
}

func recordOf(numbers []uint32) []byte {
	record := make([]byte, len(numbers)*eventBytes)
	for i, n := range numbers {
		binary.LittleEndian.PutUint32(record[i*eventBytes:], n)
	}
	return record
}

func numbersIn(record []byte) (numbers []uint32) {
	for ; len(record) > 0; record = record[eventBytes:] {
		numbers = append(numbers, binary.LittleEndian.Uint32(record))
	}
	return numbers
}

// rigTime is when an event of a number came: 5,000 a second.
func rigTime(n uint32) time.Time {
	return foldTime(time.Duration(n) * 200 * time.Microsecond)
}

func rigEvents(numbers []uint32) (events []flow.Event) {
	flags := []flow.Flag{flow.SYNACK, flow.ACK, flow.RST, flow.FIN, flow.SYN, flow.SYNACK, flow.FINACK, flow.DENIED, flow.INVALID, flow.SYN}
	for _, n := range numbers {
		e := foldEvent(0, flags[int(n)%len(flags)], flow.Allow, n%7, n%3, 22)
		e.Time, e.Number = rigTime(n), flow.Number{Boot: "b", Seq: uint64(n)}
		events = append(events, e)
	}
	return events
}

// However often a process is killed, and wherever, while no segment can be
// closed: the journal reaches back to what is in none. In the end each event has
// its row in a segment, or is counted in one.
func TestTheJournalReachesBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		rate  int           // rows a second of a kind
		every time.Duration // a generation ends, where it can be closed
	}{
		{"each event has its row", math.MaxInt32, time.Hour},
		{"a flood", 20, time.Hour},
		{"a flood in many segments", 20, time.Nanosecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(*seed, 1))
			r := newRig(t, random, tt.every, Config{Logs: LogsConfig{FoldRate: tt.rate}, Capture: CaptureConfig{JournalBytes: leastJournal}})
			for range 20 {
				if random.IntN(6) == 0 {
					r.settle()
				}
				for range random.IntN(30) {
					r.came += uint32(random.IntN(300))
					r.turn(2)
				}
				r.turn(random.IntN(3))
				r.kill()
				r.open()
			}
			r.drain()
			r.check()
		})
	}
}

// drain reads what has come, and closes all segments.
func (r *rig) drain() {
	r.closing.Store(math.MaxUint64)
	r.ending = func() bool { return !r.unread() }
	for r.unread() || len(r.queue) > 0 || r.fold.waits() {
		if r.turn(2); r.hold() {
			r.settle()
		}
	}
	r.must(r.Firewall.spool().Close())
	*r.spools = (*r.spools)[:len(*r.spools)-1]
}

// check counts what segments have.
func (r *rig) check() {
	r.t.Helper()
	names, err := filepath.Glob(filepath.Join(r.config.spoolFolder(), "*"+segment.Ext))
	r.must(err)
	seen, rows, told := map[uint64]bool{}, 0, uint64(0)
	for _, name := range names {
		if n, err := segment.ParseName(filepath.Base(name)); err != nil || n.Table != logs.FlowTrace.Name {
			continue
		}
		for _, row := range readSegment(r.t, name) {
			seen[row["EventNumber"].Uint64()] = true
			told += max(1, row["Count"].Uint64())
			rows++
		}
	}
	r.t.Logf("%d processes, %d events, %d rows", len(*r.spools)+1, r.came, rows)
	if told != uint64(r.came) || len(seen) != rows {
		r.t.Errorf("%d rows with %d numbers stand for %d events of %d", rows, len(seen), told, r.came)
	}
	if folds := r.config.Logs.FoldRate < math.MaxInt32; folds == (rows == int(r.came)) {
		r.t.Errorf("%d rows for %d events", rows, r.came)
	}
	if r.came < 20_000 {
		r.t.Errorf("only %d events", r.came)
	}
}
