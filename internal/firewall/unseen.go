package firewall

import (
	"context"
	"time"

	"github.com/sekisho/sekisho/internal/tracker"
)

const (
	// silentTime is how long an open connection has no event before conntrack is
	// asked whether it still knows it.
	silentTime = 5 * time.Minute
	// askEvery is how often some are asked for.
	askEvery = time.Second
	// lookedAt are looked at each time, and asked for at most askedFor: where
	// 100,000 are idle, one has its turn every ten minutes or so.
	lookedAt, askedFor = 4096, 200
)

// watchSilent asks conntrack for connections that are silent, until the context
// ends. The end of one that both sides have closed is not heard, as it tells nothing
// new: but their packets may not have come to where they are recorded. Other rules
// may have dropped them before, or the host had no route for them. Such a
// connection would be told as open for ever.
func (f *Firewall) watchSilent(ctx context.Context) {
	if f.asker == nil {
		return
	}
	failing := false
	for range beats(ctx, askEvery) {
		asked, err := f.askForSilent(time.Now().Add(-silentTime))
		if !asked {
			continue
		}
		if err != nil && !failing {
			f.log.Error("connections that were closed unseen stay in the list of those that are open, until conntrack answers again", "error", err)
		}
		failing = err != nil
		f.heard(askingPart, err)
	}
}

// askForSilent asks for some of the connections that had no event since a moment.
func (f *Firewall) askForSilent(since time.Time) (asked bool, err error) {
	names := f.connections.silent(since)
	for _, name := range names {
		known, err := f.asker.Known(name.Tuple, name.Zone)
		if err != nil {
			return true, err
		}
		if !known {
			f.connections.later(late{at: time.Now(), unknown: &name})
		}
	}
	return len(names) > 0, nil
}

func (c *connections) silent(since time.Time) []tracker.Name {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tracker.Silent(since, lookedAt, askedFor)
}
