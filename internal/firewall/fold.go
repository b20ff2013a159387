package firewall

import (
	"cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

const (
	// DefaultFoldRate is how many packets of a kind have a row of their own in
	// a second: more than anybody reads, less than a disk notices.
	DefaultFoldRate = 1000

	// maxFolds bounds the rows of a kind that are counted by source, and those
	// by destination.
	maxFolds = 256
)

// fold says which events have rows of their own. What can come in floods, pure
// SYNs, INVALID and denied packets and the first packets of other protocols,
// has a row each only up to a rate, each kind by itself. Further ones are
// counted together with those that are alike, and have a row a second.
//
//	fold.go          which
//	fold_kind.go     what is alike
//	fold_held.go     SYNs, which are told in full when they are answered
//	fold_moment.go   when, and what of it the journal keeps
//	fold_rows.go     where events become rows
//
// It has no clock but the times of events, and is told up to when all have come.
// So what it tells follows from what it gets, and when that is read does not
// matter: a backlog has the rows that it would have had in its time, and a process
// that gets the same from the journal knows what an earlier one had counted and
// not told.
type fold struct {
	rate  int   // packets of a kind in a second
	half  int64 // of a second that it has come to; 0 before the first event
	kinds [foldKinds]foldKind
	held  heldSYNs
	out   []telling
}

// telling is an event that has its rows now. It is the last of those that they
// stand for, and does not change any more: it is of the batch, or nobody else's.
type telling struct {
	event *flow.Event
	rule  *logs.Rule
	fold  logs.Fold
}

func newFold(rate int) *fold { return &fold{rate: rate} }

// foldRate is the configured one, or the default.
func (c *LogsConfig) foldRate() int { return cmp.Or(c.FoldRate, DefaultFoldRate) }

// add takes an event, and returns what is to be told now, in order: valid until
// the next call of a method.
func (f *fold) add(e *flow.Event, rule *logs.Rule) []telling {
	f.out = f.out[:0]
	f.pass(e.Time)
	k, folds := kindOf(e)
	if !folds {
		f.answered(e)
		f.tell(e, rule)
		return f.told()
	}
	kind := &f.kinds[k]
	if kind.rows < f.rate {
		kind.rows++
		f.tell(e, rule)
		return f.told()
	}
	kind.untold++
	if isOpening(e) {
		f.hold(e, rule)
	} else {
		kind.count(e, rule)
	}
	return f.told()
}

// flush tells what was counted, and begins to count anew.
func (f *fold) flush() {
	for i := range f.kinds {
		f.out = f.kinds[i].flush(f.out)
	}
}

// finish tells everything that waits. The fold is as new then: what it tells
// later follows from what comes later alone.
func (f *fold) finish() {
	f.letGo()
	f.letGo()
	f.flush()
	*f = fold{rate: f.rate, out: f.out}
}

// rest is everything that waits.
func (f *fold) rest() []telling {
	f.out = f.out[:0]
	f.finish()
	return f.told()
}

// told is the list of what is told now. One that a flood has filled is not used
// again: what stands in it would be kept.
func (f *fold) told() []telling {
	const few = 64
	list := f.out
	if cap(list) > few {
		f.out = nil
	}
	return list
}

// waits reports whether something is to be told later.
func (f *fold) waits() bool {
	for i := range f.kinds {
		if f.kinds[i].untold > 0 {
			return true
		}
	}
	return false
}

// untold is how many events of each flag were taken and not told.
func (f *fold) untold() map[flow.Flag]uint64 {
	counts := map[flow.Flag]uint64{}
	for i := range f.kinds {
		if n := f.kinds[i].untold; n > 0 {
			counts[flagOfKind(i)] += n
		}
	}
	return counts
}

// tell tells an event by itself.
func (f *fold) tell(e *flow.Event, rule *logs.Rule) {
	f.out = append(f.out, telling{event: e, rule: rule, fold: logs.Fold{Count: 1}})
}
