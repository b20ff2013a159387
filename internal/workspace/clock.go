package workspace

import (
	"log/slog"
	"time"

	"github.com/sekisho/sekisho/internal/store"
)

// clock knows when the host's clock was set. Rows are removed by their age, and
// a clock that is set to next year by mistake must not remove all of them before
// somebody has noticed.
type clock struct {
	start    time.Time
	believed time.Duration // by how much it was set, and has been right since
	jumped   bool          // it was set, and is not believed yet
	until    time.Duration // when it will be, counted from start
	log      *slog.Logger
}

// jump is how far the clock must be set for age to be doubted.
const jump = time.Hour

// believeAfter is how long a clock must stay as it was set to be believed.
const believeAfter = 24 * time.Hour

func newClock(now time.Time, log *slog.Logger) *clock { return &clock{start: now, log: log} }

// keep is what may be removed now. Elapsed is how long the clock has run by
// counting since start, whatever it was set to meanwhile.
func (c *clock) keep(now time.Time, elapsed time.Duration, keep store.Retention) store.Retention {
	set := now.Round(0).Sub(c.start.Round(0)) - elapsed - c.believed // Round(0) takes the monotonic reading off
	switch {
	case set.Abs() < jump:
		c.jumped = false
		return keep
	case !c.jumped:
		c.jumped, c.until = true, elapsed+believeAfter
		c.log.Warn("the host's clock was set: nothing is removed by age until it was right for a day", "by", set, "now", now)
	case elapsed >= c.until:
		c.believed, c.jumped = set+c.believed, false
		return keep
	}
	return withoutAge(keep)
}

// withoutAge keeps the limits of size.
func withoutAge(keep store.Retention) store.Retention {
	out := store.Retention{}
	for table, limit := range keep {
		out[table] = store.Limit{Bytes: limit.Bytes}
	}
	return out
}
