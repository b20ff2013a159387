package tracker

import (
	order "cmp"
	"encoding/binary"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
)

// Every sequence tells the same rows where closed connections become remains, and
// where they stay as they are: also if all of them are long over when the next step
// comes.
func TestSequencesWithRemains(t *testing.T) {
	t.Parallel()
	laidDown := 0
	for _, s := range sequences(t) {
		for _, stretch := range []time.Duration{1, 20} {
			rows := map[bool][]flow.Connection{}
			for _, whole := range []bool{true, false} {
				config := s.config
				config.Accounting, config.Describe = false, describeDecision
				config.Tell = func(c *flow.Connection) { rows[whole] = append(rows[whole], *c) }
				tr := New(config)
				tr.whole = whole
				for _, l := range s.steps {
					l.at *= stretch
					tr.Tick(epoch.Add(l.at))
					laidDown += tr.onShelves()
					l.play(t, tr)
				}
				tr.Close(tr.time())
			}
			if diff := cmp.Diff(rows[true], rows[false], rowOptions); diff != "" {
				t.Errorf("%s, %d times as slow (-without +with remains):\n%s", filepath.Base(s.file), stretch, diff)
			}
		}
	}
	if laidDown == 0 {
		t.Error("nothing became remains")
	}
}

// Whatever happens in whatever order, closed connections tell the same whether they
// become remains or stay as they are.
func TestRemainsChangeNothing(t *testing.T) {
	t.Parallel()
	random, again := rand.New(rand.NewPCG(1, 2)), 0
	for range 300 {
		var data []byte
		for range 5 + random.IntN(60) {
			code := binary.LittleEndian.AppendUint64(nil, random.Uint64())
			if random.IntN(2) == 0 { // a step of a few connections that are well
				code[0], code[1] = byte(random.IntN(6)), byte(flow.BitACK)
				code[2], code[5], code[7] = code[2]&^(4|8), code[5]&1, code[7]&3
			}
			if random.IntN(3) > 0 {
				code[3] &= 7
			}
			data = append(data, code...)
		}
		again += compareRemains(t, data)
		if t.Failed() {
			t.FailNow()
		}
	}
	if again < 150 {
		t.Errorf("remains became entries again %d times only", again)
	}
}

// compareRemains lets the same happen to a tracker with remains and to one without.
// Between what happens are whole seconds, as timers are no more exact than some of
// their steps, and there is room, as who makes room for whom may differ. It returns
// how often remains became entries again.
func compareRemains(t *testing.T, data []byte) (again int) {
	t.Helper()
	with, without := New(Config{Fold: 4}), New(Config{Fold: 4})
	without.whole = true
	want, _ := run(t, without, data, bySeconds)
	got, again := run(t, with, data, bySeconds)
	told := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Told" },
		cmp.Comparer(func(a, b time.Time) bool { return a.Sub(b).Abs() <= 2*time.Duration(wheelStep) }))
	if diff := cmp.Diff(byTuple(want), byTuple(got), rowOptions, told); diff != "" {
		t.Errorf("without and with remains (-without +with):\n%s", diff)
	}
	return again
}

func byTuple(rows []flow.Connection) []flow.Connection {
	slices.SortStableFunc(rows, func(a, b flow.Connection) int {
		return order.Or(a.First.Compare(b.First), a.Tuple.Source.Compare(b.Tuple.Source), a.Tuple.Dest.Compare(b.Tuple.Dest), int(a.Zone)-int(b.Zone))
	})
	return rows
}

func (t *Tracker) onShelves() (n int) {
	for i := range t.memory.shelves {
		n += t.memory.shelves[i].n
	}
	return n
}

// closeBoth is the end of a connection that shake has begun.
func closeBoth(tr *Tracker, n int, at time.Time) {
	tuple, isn := nth(n), uint32(n)*7+1
	fin := recorded(tuple, flow.FromClient, flow.FIN, at, isn+101, 9001)
	answer := recorded(tuple, flow.FromServer, flow.FINACK, at, 9001, isn+102)
	tr.Add(&fin)
	tr.Add(&answer)
}

// What comes late of a connection finds it as it was, whenever that is; afterwards it
// becomes remains again, and goes when it would have gone.
func TestWhatComesLateFindsRemains(t *testing.T) {
	t.Parallel()
	const many = 3 * partSize
	var rows []flow.Connection
	tr := New(Config{Tell: func(c *flow.Connection) { rows = append(rows, *c) }})
	for n := range many {
		shake(tr, n, epoch)
		closeBoth(tr, n, epoch.Add(time.Duration(n)*time.Millisecond))
	}
	tr.Tick(epoch.Add(5 * time.Second))
	if tr.onShelves() != many || tr.Len() != many || tr.Stats().Open != 0 {
		t.Fatalf("%d of %d remain, %d known", tr.onShelves(), many, tr.Len())
	}
	rows = nil
	random, late := rand.New(rand.NewPCG(1, 1)), 0
	for n := range many {
		if random.IntN(3) > 0 {
			continue
		}
		late++
		fin := recorded(nth(n), flow.FromClient, flow.FIN, epoch.Add(6*time.Second), uint32(n)*7+102, 9001)
		tr.Add(&fin)
		if fin.ConnectionID != flow.ConnectionID(nth(n), uint32(n)*7+1) {
			t.Fatalf("connection %d has another id", n)
		}
	}
	if tr.onShelves() != many-late || tr.Len() != many || len(rows) != 0 {
		t.Errorf("%d remain, %d known, %d rows", tr.onShelves(), tr.Len(), len(rows))
	}
	tr.Tick(epoch.Add(190 * time.Second))
	if tr.Len() != 0 || len(rows) != late {
		t.Fatalf("%d known, %d rows of %d", tr.Len(), len(rows), late)
	}
	for _, r := range rows {
		if r.Events != 6 || r.History != "ShAFfF" || r.Update != 2 || r.In != "eth0" || !r.SYN.Equal(epoch) {
			t.Fatalf("%+v", r)
		}
	}
}

// Remains make room like all that ended: before anything that is open, the first first.
func TestRemainsMakeRoom(t *testing.T) {
	t.Parallel()
	tr := New(Config{Limit: 100})
	for n := range 60 {
		shake(tr, n, epoch)
	}
	for n := range 40 {
		closeBoth(tr, n, epoch.Add(time.Duration(n)*time.Second/2))
	}
	tr.Tick(epoch.Add(30 * time.Second))
	for n := range 55 {
		shake(tr, 1000+n, epoch.Add(31*time.Second))
	}
	s := tr.Stats()
	if tr.onShelves() != 25 || s.Dropped != 15 || s.Evicted != 0 || s.Open != 75 {
		t.Errorf("%d remain, %+v", tr.onShelves(), s)
	}
	for n := range 40 {
		k, _ := tr.keyOf(nth(n), 0)
		if known := tr.table.find(&k, &tr.memory).at != 0; known != (n >= 15) {
			t.Errorf("connection %d known: %v", n, known)
		}
	}
}

// A shelf's numbers go around.
func TestAShelfGoesAround(t *testing.T) {
	t.Parallel()
	tr := New(Config{})
	for i := range tr.memory.shelves {
		s := &tr.memory.shelves[i]
		s.from, s.to = numbers-partSize+1, numbers-partSize+1
	}
	for n := range 3 * partSize {
		shake(tr, n, epoch.Add(time.Duration(n)*time.Second))
		closeBoth(tr, n, epoch.Add(time.Duration(n)*time.Second))
	}
	if parts := len(tr.memory.shelves[0].parts); parts != 2 || tr.onShelves() < 170 {
		t.Errorf("%d parts, %d remain", parts, tr.onShelves())
	}
	tr.Tick(epoch.Add(time.Hour))
	if tr.Len() != 0 || tr.table.n != 0 {
		t.Errorf("%d known, %d tuples", tr.Len(), tr.table.n)
	}
}
