package tracker

import (
	"math"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// window is a span of time in which something is known to be missing.
type window struct {
	from, to int64
	kinds    kinds
}

// windows are in the order in which they were told. There are few: what is
// older than the last ones is taken together, which doubts too much rather than
// too little.
type windows []window

const maxWindows = 256

// kinds is a set of what can be missing: events by flag, drops and ends.
type kinds uint32

func kindsOf(flags ...flow.Flag) kinds { return kinds(Shows(flags...)) }

const (
	allKinds  = kinds(Everything)
	dropKinds = kinds(Drops)
	endKinds  = kinds(Ends)
)

func (w *windows) add(from, to int64, kinds kinds) {
	if n := len(*w); n > 0 && (*w)[n-1].kinds == kinds && (*w)[n-1].to >= from {
		(*w)[n-1].from, (*w)[n-1].to = min((*w)[n-1].from, from), max((*w)[n-1].to, to)
		return
	}
	*w = append(*w, window{from, to, kinds})
	if len(*w) > maxWindows {
		a, b := (*w)[0], (*w)[1]
		(*w)[1] = window{min(a.from, b.from), max(a.to, b.to), a.kinds | b.kinds}
		*w = slices.Delete(*w, 0, 1)
	}
}

// touch reports whether something of these kinds is missing in a span of time.
func (w windows) touch(from, to int64, kinds kinds) bool {
	for i := len(w) - 1; i >= 0; i-- {
		if w[i].kinds&kinds != 0 && w[i].from <= to && w[i].to >= from {
			return true
		}
	}
	return false
}

// AddLoss notes that n events were lost. The kind is a flag as the logs write
// it, "drop" or "end" for what comes to AddDrop and AddEnd; empty where the
// place does not know it. A zero from is "at any time before". Rows that say
// more than they can know now are told anew.
func (t *Tracker) AddLoss(from, to time.Time, kind string, n uint64) {
	t.advance(nanoseconds(to))
	if lost := kindOfLoss(kind); n > 0 && lost != 0 {
		t.losses.add(nanoseconds(from), nanoseconds(to), lost)
		t.doubt(nanoseconds(from), nanoseconds(to))
	}
}

// AddGap notes a time in which not everything was recorded: the recorder was
// off, filtered, or started anew. A zero from is "at any time before".
func (t *Tracker) AddGap(from, to time.Time) {
	t.advance(nanoseconds(to))
	t.KnowGap(from, to)
}

// KnowGap is AddGap for who knows of it beforehand, as where rows are read back: it
// may end after what comes next.
func (t *Tracker) KnowGap(from, to time.Time) {
	t.gaps.add(nanoseconds(from), nanoseconds(to), allKinds)
	t.doubt(nanoseconds(from), nanoseconds(to))
}

func kindOfLoss(kind string) kinds {
	switch kind {
	case "":
		return allKinds
	case "drop":
		return dropKinds
	case "end":
		return endKinds
	}
	flag, ok := flow.ParseFlag(kind)
	if !ok {
		return 0 // of another protocol
	}
	return kindsOf(flag)
}

func nanoseconds(at time.Time) int64 {
	if at.IsZero() {
		return math.MinInt64
	}
	return at.UnixNano()
}

// doubt looks again at what was told about a time.
func (t *Tracker) doubt(from, to int64) {
	for i := range t.classes {
		for c := t.classes[i].front; c != nil; {
			next := c.links[byClass].next
			if c.told.updates > 0 && c.first <= to && c.last+patience >= from {
				t.tellChanged(c)
			}
			c = next
		}
	}
}
