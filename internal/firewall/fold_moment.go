package firewall

import (
	"cmp"
	"math"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/journal"
)

const (
	// foldSpan is the time in which packets are counted together.
	foldSpan = time.Second
	// holdSpan is how long a SYN waits for its answer at least, and half of how
	// long at most, where there are not too many.
	holdSpan = 500 * time.Millisecond
)

// moment is what the rows of a batch follow from, besides its events. It is in
// the journal with the batch, so that the process that comes after this one
// makes the same rows of it, and counts as this one did.
type moment struct {
	// LetGo and Flush are what time has brought before the batch.
	LetGo bool `json:"letGo,omitempty"`
	Flush bool `json:"flush,omitempty"`
	// Finish says that all that waits is told with the batch.
	Finish bool `json:"finish,omitempty"`
	// Rate is that of the fold; 0 in the journals of older programs, which gave
	// each event its rows.
	Rate int `json:"rate"`
	// Untold is what waited before the batch, to be told together with others.
	Untold map[flow.Flag]uint64 `json:"untold,omitempty"`
}

// begin does what is to be done before a batch.
func (f *fold) begin(m moment) []telling {
	f.rate = cmp.Or(m.Rate, math.MaxInt)
	if m.LetGo {
		f.letGo()
	}
	if m.Flush {
		return f.flush()
	}
	return nil
}

// end does what is to be done after a batch.
func (f *fold) end(m moment) []telling {
	if m.Finish {
		return f.finish()
	}
	return nil
}

// clockwork brings time to a fold, by the clock of this process alone.
type clockwork struct {
	moment         moment // of the batch that is taken, or was last
	letGo, flushed time.Time
	unfinished     int64 // bytes of the journal since the fold was as new
	total          int64 // bytes of the journal that this process has seen
}

// due reports whether time brings something to what waits.
func (c *clockwork) due(now time.Time) bool {
	return now.Sub(c.flushed) >= foldSpan || now.Sub(c.letGo) >= holdSpan
}

// next makes the moment of the next batch.
func (c *clockwork) next(now time.Time, f *fold, config *Config, ending bool) moment {
	c.moment = moment{
		LetGo:  now.Sub(c.letGo) >= holdSpan,
		Flush:  now.Sub(c.flushed) >= foldSpan,
		Finish: ending || c.unfinished > config.Capture.foldBytes(),
		Rate:   config.Logs.foldRate(),
		Untold: f.untold(),
	}
	if c.moment.LetGo {
		c.letGo = now
	}
	if c.moment.Flush {
		c.flushed = now
	}
	return c.moment
}

// foldBytes is how much of the journal is filled before all that waits is told:
// so it always reaches back to a moment when nothing waited.
func (c *CaptureConfig) foldBytes() int64 {
	return cmp.Or(c.JournalBytes, journal.DefaultKeepBytes) / 2
}

// journaled notes how much of the journal a batch takes, at most.
func (c *clockwork) journaled(events []flow.Event, m moment) {
	const batch, event, reason = 2500, 192, 32 // without the texts
	bytes := batch + event*int64(len(events))
	for i := range events {
		if events[i].Reason != flow.NoReason {
			bytes += reason + int64(len(events[i].ReasonText))
		}
	}
	c.total += bytes
	c.unfinished += bytes
	if m.Finish {
		c.unfinished = 0
	}
}

// due reports whether a batch without events is wanted: something waits, and it
// is time.
func (f *Firewall) due() bool {
	now := time.Now()
	if f.diagnostics.changed() || f.spool() != nil && f.spool().Due(now) {
		return true
	}
	if !f.fold.waits() && !f.ignored.waits() {
		return false
	}
	return f.ending() || f.clockwork.due(now)
}
