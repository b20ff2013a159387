package segment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// numbered are rows of the trace with the event numbers from one to another,
// at a time of their own each.
func numbered(from, to int, at time.Time) []logs.Row {
	rows := make([]logs.Row, 0, to-from)
	for n := from; n < to; n++ {
		ev := &flow.Event{Flag: flow.SYN, Time: at.Add(time.Duration(n) * time.Millisecond), ConnectionID: fmt.Sprintf("%016x", n/3),
			Number: flow.Number{Boot: bootID, Seq: uint64(n + 1)}}
		rows = append(rows, logs.Rows(ev, fwHub, logs.Rule{})[0])
	}
	return rows
}

// numbersIn counts the event numbers in segments.
func numbersIn(tb fataler, infos []Info) map[int]int {
	counts := map[int]int{}
	b := newBatch(logs.FlowTrace)
	for _, i := range infos {
		for _, n := range readNumbers(tb, i, b) {
			counts[n]++
		}
	}
	return counts
}

// readNumbers are the event numbers of a segment.
func readNumbers(tb fataler, i Info, b *batch) (numbers []int) {
	b.reset()
	r, err := openReader(i.Path, b)
	if err != nil {
		tb.Fatal(err)
	}
	defer r.close()
	for _, g := range r.groups {
		if err := r.read(g, b); err != nil {
			tb.Fatal(err)
		}
	}
	if int64(b.rows) != i.Rows {
		tb.Fatalf("%s has %d rows, not %d", i.Name, b.rows, i.Rows)
	}
	for _, n := range b.column("EventNumber").nums {
		numbers = append(numbers, int(n)-1)
	}
	return numbers
}

type fataler interface {
	Fatal(...any)
	Fatalf(string, ...any)
}

// A life is a folder, and what a model says it must have.
type life struct {
	t       *rapid.T
	root    string
	spool   string
	f       *Folder
	begin   time.Time
	want    map[int]bool   // event numbers that must be there
	rows    map[uint64]int // of delivered segments, by sequence: the first event number
	next    int            // event number
	pinned  []pinned
	options Options
	writer  *Writer
	batch   *batch
	read    map[string][]int // by path: segments do not change
	// tearable is whether the list's last line is of a delivery. What a killed
	// process has not written in full it has not done: of anything else the
	// model would have to take back what it did.
	tearable bool
}

type pinned struct {
	g    *Generation
	want []int
}

const rowsOfOne = 4

func (l *life) must(err error) {
	if err != nil {
		l.t.Fatal(err)
	}
}

// deliver takes a segment: a new one, or one that was delivered before.
func (l *life) deliver(t *rapid.T) {
	sequence, again := uint64(len(l.rows)+1), false
	if len(l.rows) > 0 && rapid.IntRange(0, 3).Draw(t, "again") == 0 {
		sequence, again = uint64(rapid.IntRange(1, len(l.rows)).Draw(t, "which")), true
	}
	from, ok := l.rows[sequence]
	if !ok {
		from = l.next
		l.rows[sequence] = from
		l.next += rowsOfOne
	}
	// Later segments are of later days now and then.
	for _, r := range numbered(from, from+rowsOfOne, l.begin.Add(time.Duration(sequence/10)*24*time.Hour)) {
		l.writer.Add(r)
	}
	info, err := l.writer.Close(l.spool, nameOf(sequence), Meta{})
	l.must(err)
	taken, err := l.f.Take(info.Path)
	l.must(err)
	if taken == again {
		l.t.Fatalf("segment %d: taken %v, delivered before %v", sequence, taken, again)
	}
	l.tearable = l.tearable || taken
	if taken {
		for n := from; n < from+rowsOfOne; n++ {
			l.want[n] = true
		}
	}
}

func (l *life) merge(*rapid.T) {
	l.must(l.f.Merge(context.Background()))
	l.tearable = false
}

// retain drops what is over some bytes; the model keeps what the newest
// segments have.
func (l *life) retain(t *rapid.T) {
	limit := rapid.Int64Range(1, 200_000).Draw(t, "bytes")
	_, err := l.f.Retain(l.options.Now(), Policy{Default: Limit{Bytes: limit}})
	l.must(err)
	if rapid.Bool().Draw(t, "then merge as if there were no limit") {
		l.f.policy = Policy{}
	}
	l.tearable = false
	left := all(l.f)
	if sum(left) > limit {
		l.t.Fatalf("%d bytes are left of %d", sum(left), limit)
	}
	got := l.numbers(left)
	oldest := l.next
	for n := range got {
		oldest = min(oldest, n)
	}
	for n := range l.want {
		if n < oldest {
			delete(l.want, n)
		}
	}
}

// reopen ends the process, in some way, and begins another.
func (l *life) reopen(t *rapid.T) {
	for _, p := range l.pinned {
		p.g.Release()
	}
	l.pinned = nil
	l.must(l.f.Close())
	list := filepath.Join(l.root, listFile)
	if l.tearable && rapid.Bool().Draw(t, "torn") {
		stat, err := os.Stat(list)
		l.must(err)
		l.must(os.Truncate(list, stat.Size()-int64(rapid.IntRange(1, 9).Draw(t, "bytes"))))
	}
	l.open()
	l.tearable = false
}

// open opens the folder, which merges few segments already.
func (l *life) open() {
	var err error
	l.f, err = OpenFolder(l.root, l.options)
	l.must(err)
	l.f.fan = []int{4, 3, 3}
	opened := l.options.Now()
	l.f.clock.elapsed = func() time.Duration { return l.options.Now().Sub(opened) }
}

func (l *life) pin(*rapid.T) {
	g := l.f.Pin()
	l.pinned = append(l.pinned, pinned{g, keys(l.want)})
}

func (l *life) release(t *rapid.T) {
	if len(l.pinned) == 0 {
		t.Skip()
	}
	l.pinned[0].g.Release()
	l.pinned = l.pinned[1:]
}

func keys(m map[int]bool) (all []int) {
	for k := range m {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// check compares with the model: now, and what is pinned.
func (l *life) check(t *rapid.T) {
	l.compare("now", all(l.f), keys(l.want))
	for _, p := range l.pinned {
		l.compare("pinned", p.g.Segments(logs.FlowTrace.Name, time.Time{}, time.Time{}), p.want)
	}
}

// numbers counts the event numbers in segments.
func (l *life) numbers(infos []Info) map[int]int {
	counts := map[int]int{}
	for _, i := range infos {
		if _, err := os.Stat(i.Path); err != nil || l.read[i.Path] == nil {
			l.must(err)
			l.read[i.Path] = readNumbers(l.t, i, l.batch)
		}
		for _, n := range l.read[i.Path] {
			counts[n]++
		}
	}
	return counts
}

func (l *life) compare(what string, infos []Info, want []int) {
	got := l.numbers(infos)
	for n, times := range got {
		if times != 1 {
			l.t.Fatalf("%s: event %d is there %d times", what, n, times)
		}
	}
	if len(got) != len(want) {
		l.t.Fatalf("%s: %d events, want %d", what, len(got), len(want))
	}
	for _, n := range want {
		if got[n] != 1 {
			l.t.Fatalf("%s: event %d is missing", what, n)
		}
	}
}

// Whatever is delivered, merged, dropped and opened again, each row that was
// taken and not dropped is there once, also for who pinned what was there.
func TestALife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "segment")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		l := &life{t: t, root: filepath.Join(dir, "store"), spool: filepath.Join(dir, "spool"), want: map[int]bool{}, rows: map[uint64]int{},
			begin: time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC), options: Options{Grace: time.Nanosecond},
			writer: NewWriter(logs.FlowTrace), batch: newBatch(logs.FlowTrace), read: map[string][]int{}}
		l.must(os.Mkdir(l.spool, 0o700))
		l.options.Now = func() time.Time { return l.begin.Add(time.Duration(len(l.rows)/10)*24*time.Hour + time.Hour) } // a clock that is right
		l.open()
		defer func() { l.f.Close() }()
		some := func(t *rapid.T) {
			for range rapid.IntRange(1, 6).Draw(t, "segments") {
				l.deliver(t)
			}
		}
		t.Repeat(map[string]func(*rapid.T){"": l.check, "deliver": some, "merge": l.merge, "retain": l.retain, "reopen": l.reopen,
			"pin": l.pin, "release": l.release})
	})
}
