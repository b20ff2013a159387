package logs

import (
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/sekisho/sekisho/internal/flow"
)

// run is columns of a row's properties, one behind the other, that all rest on
// something or all on nothing but the row. What they rest on is the same for many
// rows: then their text is too, and is copied instead of made again.
type run[R any] struct {
	columns []keyed[R]
	on      grounds
	// kept are texts that were written: one for each of the rules, whose rows
	// come mixed, where the run rests on the decision; one otherwise.
	kept []atomic.Pointer[keptText]
}

// keptRules is for how many rules a run's text is kept.
const keptRules = 256

type keyed[R any] struct {
	column[R]
	key string
}

// footing is what one record's values rest on.
type footing struct {
	holds    grounds // for which of them the rest is told, and the record has them
	source   *Source
	rule     *Rule
	number   uint32 // of the rule
	decision flow.Action
}

// keptText is the text of a run, with a copy of what it rests on: a source or a
// rule that is changed when its rows are written is another one.
type keptText struct {
	source   Source
	rule     Rule
	number   uint32
	decision flow.Action
	text     []byte
}

// runsOf are the runs of a table's properties.
func runsOf[R any](columns []column[R], keys []string, azureOnly bool) []run[R] {
	var runs []run[R]
	for i, c := range columns {
		if c.leftOut(azureOnly) {
			continue
		}
		on := c.rests &^ onlyKinds
		if c.kept != nil { // it rests on that only where rows are stored
			on = 0
		}
		if n := len(runs); n == 0 || (runs[n-1].on == 0) != (on == 0) {
			runs = append(runs, run[R]{})
		}
		last := &runs[len(runs)-1]
		last.on |= on
		last.columns = append(last.columns, keyed[R]{c, keys[i]})
	}
	for i := range runs {
		n := 1
		if runs[i].on&sameDecision != 0 {
			n = keptRules
		}
		runs[i].kept = make([]atomic.Pointer[keptText], n)
	}
	return runs
}

// propertiesWriter gives a table's way to append a record's properties, each
// with a comma before it, as [appendProperties] does column by column.
func propertiesWriter[R any](columns []column[R], keys []string) func(dst []byte, record any, azureOnly bool) []byte {
	all, azures := runsOf(columns, keys, false), runsOf(columns, keys, true)
	tells, _ := any(new(R)).(interface{ footingOf(*R) footing })
	return func(dst []byte, record any, azureOnly bool) []byte {
		r, runs := record.(*R), all
		if azureOnly {
			runs = azures
		}
		var on footing
		if tells != nil {
			on = tells.footingOf(r)
		}
		for i := range runs {
			dst = runs[i].append(dst, r, &on)
		}
		return dst
	}
}

func (r *run[R]) append(dst []byte, record *R, on *footing) []byte {
	if r.on == 0 || r.on&^on.holds != 0 {
		return r.write(dst, record)
	}
	last := &r.kept[on.number%uint32(len(r.kept))]
	if k := last.Load(); k != nil && k.stands(r.on, on) {
		return append(dst, k.text...)
	}
	begin := len(dst)
	dst = r.write(dst, record)
	last.Store(r.keep(dst[begin:], on))
	return dst
}

// keep copies a text, and what it rests on.
func (r *run[R]) keep(text []byte, on *footing) *keptText {
	k := &keptText{text: slices.Clone(text)}
	if r.on&sameSource != 0 {
		k.source = *on.source
	}
	if r.on&sameDecision != 0 {
		k.rule, k.number, k.decision = *on.rule, on.number, on.decision
	}
	return k
}

// stands reports whether a text rests on the same as a record. That there is no
// trouble is the same for all that have none.
func (k *keptText) stands(needed grounds, on *footing) bool {
	return (needed&sameSource == 0 || k.source == *on.source) &&
		(needed&sameDecision == 0 || k.number == on.number && k.decision == on.decision && k.rule == *on.rule)
}

func (r *run[R]) write(dst []byte, record *R) []byte {
	for i := range r.columns {
		dst = r.columns[i].append(dst, record)
	}
	return dst
}

// append appends key and value, where there is one.
func (c *keyed[R]) append(dst []byte, record *R) []byte {
	switch {
	case c.text != nil:
		if s, ok := c.text(record); ok {
			return appendString(append(dst, c.key...), s)
		}
	case c.address != nil:
		if a := c.address(record); a.IsValid() {
			return appendAddress(append(dst, c.key...), a)
		}
	case c.number != nil && c.Type != DateTime:
		if n, ok := c.number(record); ok {
			return strconv.AppendInt(append(dst, c.key...), n, 10)
		}
	default:
		if at := c.cell(record); at.kind != absent {
			return appendCell(append(dst, c.key...), at)
		}
	}
	return dst
}
