package firewall

import (
	"context"
	"time"
)

const (
	// soonest is how long is waited before something that ended with an error is
	// begun again, and latest what that rises to while it is in vain.
	soonest, latest = time.Second, time.Minute
)

// watch is a part that reads until its context ends.
type watch struct {
	part part
	what string // is missing, as the log says it
	run  func(context.Context) error
	// open makes another one in the place of one that has ended.
	open func() error
}

// keepOn runs a watch until the context ends. Where it ends before, that is told,
// and it is opened again: soon, and more and more seldom where that does not help.
func (f *Firewall) keepOn(ctx context.Context, w watch) {
	for wait := soonest; ; {
		began := time.Now()
		err := w.run(ctx)
		if err == nil {
			return
		}
		f.log.Error(w.what, "error", err)
		f.heard(w.part, err)
		if time.Since(began) > latest { // it was well in between
			wait = soonest
		}
		if !f.reopen(ctx, w, &wait) {
			return
		}
		f.hear(w.part)
	}
}

// reopen tries to open a watch again until that works; false where the context has
// ended before.
func (f *Firewall) reopen(ctx context.Context, w watch, wait *time.Duration) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(*wait):
		}
		*wait = min(2**wait, latest)
		err := w.open()
		if err == nil {
			return true
		}
		f.log.Warn("it could not be begun again and is tried on", "what", partWords[w.part].what, "error", err, "in", *wait)
	}
}
