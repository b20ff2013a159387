package firewall

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// watchedDrops is what tells what the host drops: a watcher, and another one where
// that has ended.
type watchedDrops struct {
	config  drops.Config
	mu      sync.Mutex
	watcher *drops.Watcher // nil where the host cannot tell
	last    drops.Count    // of it
	left    []drops.Count  // of watchers that have ended, of earlier processes too
}

// openDrops begins to tell what the host drops outside the policy. A host that
// cannot tell (it has no BPF tracing) runs a firewall all the same.
func (f *Firewall) openDrops(config drops.Config) {
	config.Told = &f.outliving.words[wordDropsTold]
	if f.policies != nil {
		config.PinPath = capture.PinPath(f.config.ID())
		f.drops.left = drops.Left(config.PinPath)
	}
	f.drops.config = config
	f.losses = append(f.losses, f.drops.unreadable()...)
	if wanted := f.config.Capture.KernelDrops; wanted != nil && !*wanted {
		f.miss(dropsPart, logs.State{Detail: "capture.kernelDrops is false"})
		return
	}
	told := f.outliving.moment(wordDropsTold) // by an earlier process
	if err := f.drops.open(); err != nil {
		f.log.Warn("what the host drops outside the policy will have no rows", "error", err)
		f.heard(dropsPart, err)
		return
	}
	f.unseenDrops = span{told, time.Now()}
}

// open opens a watcher, in the place of one that has ended.
func (w *watchedDrops) open() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watcher != nil {
		w.retire()
	}
	watcher, err := drops.Open(w.config)
	if w.watcher = watcher; err == nil {
		w.last = drops.Count{Watcher: watcher.Name()}
	}
	return err
}

// retire closes the watcher and keeps what it has counted, until that is told.
func (w *watchedDrops) retire() {
	if w.config.PinPath == "" {
		count, err := w.watcher.Count()
		count.Err = err
		w.left = append(w.left, count)
	}
	_ = w.watcher.Close() // what it ended with is told
	w.watcher = nil
	if w.config.PinPath != "" {
		w.left = drops.Left(w.config.PinPath)
	}
}

// counts are how many packets no row tells of, by watcher.
func (w *watchedDrops) counts() map[string]uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	counts := map[string]uint64{}
	for _, c := range w.left {
		if c.Err == nil {
			counts[c.Watcher] = c.Packets
		}
	}
	if w.watcher == nil {
		return counts
	}
	if c, err := w.watcher.Count(); err == nil { // else it is as it was
		w.last = c
	}
	counts[w.last.Watcher] = w.last.Packets
	return counts
}

// forget forgets watchers that have ended, all of whose counts are told.
func (w *watchedDrops) forget(told map[string]uint64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	w.left = slices.DeleteFunc(w.left, func(c drops.Count) bool {
		done := c.Err == nil && told[c.Watcher] >= c.Packets
		if done && w.config.PinPath != "" {
			err := drops.Forget(w.config.PinPath, c.Watcher)
			errs, done = append(errs, err), err == nil
		}
		return done
	})
	return errors.Join(errs...)
}

// unreadable gives up the counts that nobody can read, as those of a program to
// come: how many it were is not known.
func (w *watchedDrops) unreadable() (losses []logs.Loss) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = slices.DeleteFunc(w.left, func(c drops.Count) bool {
		if c.Err == nil {
			return false
		}
		losses = append(losses, logs.Loss{To: time.Now(), Place: logs.DropLoss, Reason: "their counters cannot be read: " + c.Err.Error()})
		if w.config.PinPath != "" {
			_ = drops.Forget(w.config.PinPath, c.Watcher)
		}
		return true
	})
	return losses
}

func (w *watchedDrops) close() error {
	if w.watcher == nil {
		return nil
	}
	return w.watcher.Close()
}

// watchDrops makes rows of drops until the context ends.
func (f *Firewall) watchDrops(ctx context.Context) {
	if f.drops.watcher == nil {
		return
	}
	f.keepOn(ctx, watch{part: dropsPart, what: "what the host drops has no rows at the moment", open: f.drops.open,
		run: func(ctx context.Context) error { return f.drops.watcher.Run(ctx, f.takeDrops) }})
}

// span is from a moment to another one; From is zero where it is not known.
type span struct{ From, To time.Time }

// tellUnseenDrops makes a row of the time between two processes, in which nobody
// saw what the host dropped: also what the one before had not told when it was
// killed. It comes before the row of the start, from which on it is seen.
func (f *Firewall) tellUnseenDrops() {
	unseen := f.unseenDrops
	if unseen.From.IsZero() {
		return // there was no process before
	}
	f.tellState(logs.State{State: logs.DropsOff, From: unseen.From, To: unseen.To,
		Detail: "not recorded: " + partWords[dropsPart].what + ": no process was there to read it"})
	f.connections.later(late{at: unseen.To, loss: &logs.Loss{From: unseen.From, To: unseen.To, Place: logs.DropLoss}})
}

func (f *Firewall) takeDrops(list []flow.Drop) {
	var told []Entry
	for _, d := range list {
		if staysOnLink(d.Tuple.Dest.Addr()) {
			continue
		}
		told = append(told, Entry{Packet: d.Tuple, Rows: []logs.Row{logs.KernelDropRow(&d, f.source)}})
		f.connections.later(late{at: d.Time, drop: &d})
	}
	f.tellEntries(told...)
}

// staysOnLink reports whether no router forwards to an address: the chatter of
// hosts with their neighbours (MLD, mDNS, router solicitations), which is
// dropped everywhere and would bury what matters.
func staysOnLink(a netip.Addr) bool {
	return a.IsMulticast() || a.IsLinkLocalUnicast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}
