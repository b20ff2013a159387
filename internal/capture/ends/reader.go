package ends

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
)

// Run reads what conntrack tells until the context ends, and then once more.
// The slice is the callee's only until it returns.
func (w *Watcher) Run(ctx context.Context, deliver func([]flow.ConntrackEnd)) error {
	tick := time.NewTicker(w.poll)
	defer tick.Stop()
	r := reader{buf: make([]byte, messageBytes)}
	for last := false; !last; {
		select {
		case <-ctx.Done():
			last = true
		case <-tick.C:
		}
		if err := w.read(&r, deliver); err != nil {
			return err
		}
	}
	return nil
}

// reader has what is used again.
type reader struct {
	buf   []byte
	batch []flow.ConntrackEnd
}

// maxBatch bounds what is handed out at once.
const maxBatch = 1024

// read reads all that waits.
func (w *Watcher) read(r *reader, deliver func([]flow.ConntrackEnd)) error {
	for more := true; more; {
		r.batch = r.batch[:0]
		var err error
		if more, err = w.fill(r); err != nil {
			return err
		}
		if len(r.batch) > 0 {
			deliver(r.batch)
		}
	}
	return nil
}

// fill reads a batch; more says that there is more.
func (w *Watcher) fill(r *reader) (more bool, err error) {
	now := time.Now().UTC()
	for len(r.batch) < maxBatch {
		n, err := unix.Read(w.fd, r.buf)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return false, nil
		case errors.Is(err, unix.ENOBUFS):
			w.overruns.Add(1)
			continue
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return false, fmt.Errorf("read conntrack's ends: %w", err)
		}
		w.take(r, n, now)
	}
	return true, nil
}

func (w *Watcher) take(r *reader, n int, now time.Time) {
	err := eachEnd(r.buf[:n], func(e flow.ConntrackEnd) {
		e.Time = now
		r.batch = append(r.batch, e)
		w.heard.Add(1)
	})
	if err != nil {
		w.unread.Add(1)
	}
}
