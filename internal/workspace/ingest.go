package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/store"
)

// poll is how often spool folders are looked through, whatever the kernel told:
// a folder may have been made a moment ago, and a notice may have been lost.
const poll = time.Second

// segmentEnding is that of a closed segment. A firewall writes under another
// name and renames when the file is whole.
const segmentEnding = ".parquet"

// ingest takes segments as they appear in the spool folders.
func (w *Workspace) ingest(ctx context.Context, ready func()) error {
	watch, err := newWatch(w.cfg.spools())
	if err != nil {
		return err
	}
	defer watch.close()
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		watch.follow(w.log)
		w.takeAll(ctx)
		w.tellLost(ctx)
		if ready != nil {
			ready()
			ready = nil
		}
		select {
		case <-ctx.Done():
			w.takeAll(context.WithoutCancel(ctx)) // what was closed last
			return nil
		case <-watch.changed:
		case <-tick.C:
		}
	}
}

// Ingest takes what is in the spool folders now, without waiting until it is
// noticed: a query that comes afterwards sees its rows.
func (w *Workspace) Ingest(ctx context.Context) { w.takeAll(ctx) }

// takeAll takes what is in the spool folders, older segments first.
func (w *Workspace) takeAll(ctx context.Context) {
	w.taking.Lock()
	defer w.taking.Unlock()
	files := waiting(w.claimed())
	refused := map[string]untaken{}
	for i, file := range files {
		if ctx.Err() != nil {
			return
		}
		before := w.seen.refused[file] // only this function changes it
		if before.why != "" && time.Since(before.at) < stuckBeat {
			refused[file] = before
			continue
		}
		err := w.take(ctx, file)
		switch {
		case err == nil || ctx.Err() != nil:
		case noDisk(err, file): // the next one would find no room either
			w.note(func(s *seen) {
				s.waiting = len(files) - i + len(refused)
				w.tellStuck(s, err)
			})
			return
		default:
			refused[file] = untaken{err.Error(), time.Now()}
			if before.why != err.Error() {
				w.log.Error("a segment cannot be taken and stays in its folder; others are taken", "file", file, "reason", err)
			}
		}
	}
	w.note(func(s *seen) { s.waiting, s.stuck, s.refused = len(refused), nil, refused })
}

// untaken is why a file could not be taken, and when that was.
type untaken struct {
	why string
	at  time.Time
}

// noDisk tells errors that are about the workspace's disk, and so about every file that
// waits, from those about one.
func noDisk(err error, file string) bool {
	var path *os.PathError
	if errors.As(err, &path) && path.Path == file {
		return false
	}
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EROFS) || errors.Is(err, unix.EIO)
}

// take takes one segment. An error says why it waits on.
func (w *Workspace) take(ctx context.Context, file string) error {
	taken, fresh, err := w.store.Take(ctx, file)
	var unreadable *store.Unreadable
	switch {
	case errors.As(err, &unreadable):
		w.log.Error("a segment cannot be read", "file", unreadable.File, "setAside", unreadable.SetAside, "reason", unreadable.Reason)
		w.note(func(s *seen) { s.setAside++ })
	case errors.Is(err, os.ErrNotExist): // somebody took it away meanwhile
	case err != nil:
		return err
	case filepath.Dir(file) == w.cfg.own(): // no firewall's
	case fresh:
		w.note(func(s *seen) { s.count(taken, time.Now()) })
	default:
		w.note(func(s *seen) { s.again++ })
	}
	return nil
}

// stuckBeat is how often it is told that segments wait, and how often one is tried again
// that cannot be taken.
const stuckBeat = time.Minute

// tellStuck logs why no segment can be taken, not more than once a minute.
func (w *Workspace) tellStuck(s *seen, err error) {
	if s.stuck == nil || time.Since(s.toldStuck) >= stuckBeat {
		w.log.Error("segments wait in their spool folders: none can be taken", "reason", err)
		s.toldStuck = time.Now()
	}
	s.stuck = err
}

// waiting lists the closed segments in folders, by the names of the segments: those of
// one firewall are in order then.
func waiting(folders []string) []string {
	var files []string
	for _, dir := range folders {
		found, _ := filepath.Glob(filepath.Join(escapeGlob(dir), "*"+segmentEnding)) // only a bad pattern is an error
		files = append(files, found...)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasPrefix(filepath.Base(f), ".") })
	slices.SortFunc(files, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	return files
}

// escapeGlob lets a folder's name stand for itself in a pattern.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

// Take takes one closed segment that lies anywhere, as from a spool folder.
func (w *Workspace) Take(ctx context.Context, file string) (taken store.Segment, fresh bool, err error) {
	return w.store.Take(ctx, file)
}
