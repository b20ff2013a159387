package firewall

import (
	"cmp"
	"math"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// holdSpan is how long a SYN waits for its answer at least, and half of how long
// at most, where there are not too many. Two of them, from one whole second to the
// next, are the time in which packets are counted together.
const holdSpan = 500 * time.Millisecond

// moment is what the rows of a batch follow from, besides its events. It is in
// the journal with the batch, so that the process that comes after this one
// makes the same rows of it, and counts as this one did.
type moment struct {
	// Reached is up to when, by the events' time, everything has come with the
	// batch, in ns since 1970; 0 where nobody knows.
	Reached int64 `json:"reached,omitempty"`
	// Finish says that all that waits is told with the batch.
	Finish bool `json:"finish,omitempty"`
	// Rate is that of the fold; 0 in the journals of older programs, which gave
	// each event its rows.
	Rate int `json:"rate"`
	// Untold is what waited before the batch, to be told together with others.
	Untold map[flow.Flag]uint64 `json:"untold,omitempty"`
	// Half and Rows are how far the fold had come where nothing waited: all that
	// there is to know of what came before.
	Half int64       `json:"half,omitempty"`
	Rows map[int]int `json:"rows,omitempty"` // by kind
}

// half numbers the halves of seconds since 1970; 0 is none.
func half(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixNano() / int64(holdSpan)
}

// pass lets time pass up to a moment, and tells what is over with it. Seconds
// begin where they do on a clock: so what is counted together follows from when
// packets came, and not from when they are read.
func (f *fold) pass(to time.Time) {
	until := half(to)
	if f.half == 0 {
		f.half = until
	}
	const all = 4 // after two seconds nothing waits
	for n := 0; f.half < until && n < all; n++ {
		f.half++
		f.letGo()
		if f.half%2 == 0 {
			f.flush()
		}
	}
	f.half = max(f.half, until)
}

// reach tells what is over at a moment before which everything has come.
func (f *fold) reach(at time.Time) []telling {
	f.out = f.out[:0]
	f.pass(at)
	return f.told()
}

// due reports whether a moment brings something to what waits.
func (f *fold) due(at time.Time) bool { return half(at) > f.half && f.waits() }

// moment is what the next batch is taken with.
func (f *fold) moment(rate int, reached time.Time, finish bool) moment {
	m := moment{Finish: finish, Rate: rate, Untold: f.untold()}
	if !reached.IsZero() {
		m.Reached = reached.UnixNano()
	}
	if len(m.Untold) > 0 {
		return m
	}
	m.Half, m.Rows = f.half, map[int]int{}
	for i := range f.kinds {
		if n := f.kinds[i].rows; n > 0 {
			m.Rows[i] = n
		}
	}
	return m
}

// begin does what is to be done before a batch. Where nothing waited, what came
// before does not matter, whether or not the journal has it.
func (f *fold) begin(m moment) {
	f.rate = cmp.Or(m.Rate, math.MaxInt)
	if len(m.Untold) > 0 {
		return
	}
	f.half, f.kinds = m.Half, [foldKinds]foldKind{}
	f.held.empty(&f.held.young)
	f.held.empty(&f.held.old)
	for kind, rows := range m.Rows {
		if kind >= 0 && kind < len(f.kinds) {
			f.kinds[kind].rows = rows
		}
	}
}

// end does what is to be done after a batch.
func (f *fold) end(m moment) []telling {
	f.out = f.out[:0]
	if m.Reached != 0 {
		f.pass(time.Unix(0, m.Reached))
	}
	if m.Finish {
		f.finish()
	}
	f.held.own()
	return f.told()
}
