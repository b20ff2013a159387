package store

import (
	"context"
	"errors"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// scrubBytes is how much of what is kept one call of Tend checks: with one every ten
// seconds that is 70 GB a day, for a few milliseconds each.
const scrubBytes = 8 << 20

// Tend implements [Store]. What is removed first need not be merged.
func (e *Embedded) Tend(ctx context.Context, now time.Time, keep Retention) (Tended, error) {
	removed, err := e.folder.Retain(now, policyOf(keep))
	before := e.segments()
	err = errors.Join(err, e.folder.Merge(ctx))
	// Others are taken meanwhile, so this is what was merged at least.
	done := Tended{Removed: removed, Merged: max(0, before-e.segments())}
	_, scrubbed := e.folder.Scrub(ctx, scrubBytes)
	err = errors.Join(err, scrubbed)
	for _, n := range e.folder.Notes() {
		done.Notes = append(done.Notes, n.String())
	}
	return done, err
}

func (e *Embedded) segments() int {
	g := e.pin()
	defer g.Release()
	n := 0
	for _, t := range logs.AllTables() {
		n += g.Total(t.Name).Segments
	}
	return n
}

func policyOf(keep Retention) segment.Policy {
	p := segment.Policy{Tables: map[string]segment.Limit{}, Default: segment.Limit(keep[""])}
	for table, limit := range keep {
		if table != "" {
			p.Tables[table] = segment.Limit(limit)
		}
	}
	return p
}
