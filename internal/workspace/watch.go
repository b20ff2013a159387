package workspace

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watch tells when something appears in the spool folders or in the folders
// directly below.
type watch struct {
	spools  []string
	kernel  *fsnotify.Watcher
	changed chan struct{}
	told    map[string]bool // folders that cannot be watched, told once
}

func newWatch(spools []string) (*watch, error) {
	k, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch spool folders: %w", err)
	}
	w := &watch{spools: spools, kernel: k, changed: make(chan struct{}, 1), told: map[string]bool{}}
	for _, dir := range spools {
		if err := os.MkdirAll(dir, 0o770); err != nil {
			return nil, fmt.Errorf("make spool folder: %w", err)
		}
	}
	go w.listen()
	return w, nil
}

func (w *watch) close() { w.kernel.Close() }

// settle lets segments that are closed in the same moment, one for each table,
// be taken together.
const settle = 5 * time.Millisecond

// listen turns the kernel's notices into one, until the watch is closed.
func (w *watch) listen() {
	for {
		select {
		case event, ok := <-w.kernel.Events:
			if !ok {
				return
			}
			if !event.Has(fsnotify.Create) && !event.Has(fsnotify.Rename) {
				continue // a file that grows is not closed yet
			}
		case _, ok := <-w.kernel.Errors:
			if !ok {
				return
			}
		}
		time.Sleep(settle)
		select {
		case w.changed <- struct{}{}:
		default: // it is told already
		}
	}
}

// follow watches folders that are new. One that cannot be watched is found by
// looking through it.
func (w *watch) follow(log *slog.Logger) {
	known := map[string]bool{}
	for _, dir := range w.kernel.WatchList() {
		known[dir] = true
	}
	for _, dir := range foldersOf(w.spools) {
		if known[dir] {
			continue
		}
		if err := w.kernel.Add(dir); err != nil && !w.told[dir] {
			w.told[dir] = true
			log.Warn("a spool folder cannot be watched, and is looked through every second", "folder", dir, "reason", err)
		}
	}
}
