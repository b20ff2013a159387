package firewall

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/internal/capture/ends"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// accounting makes conntrack count packets and bytes, of the connections that
// begin from then on.
var accounting = setting{key: "net.netfilter.nf_conntrack_acct", value: "1", why: "capture.accounting"}

// settings are what this firewall asks for beyond what every one needs.
func (f *Firewall) settings() []setting {
	wanted := f.config.Conntrack.settings()
	if f.config.Capture.Accounting {
		wanted = append(wanted, accounting)
	}
	return wanted
}

// openEnds begins to listen to what conntrack forgets. A host that does not
// tell (it has no conntrack netlink) runs a firewall all the same.
func (f *Firewall) openEnds() {
	if wanted := f.config.Capture.ConntrackEnds; wanted != nil && !*wanted {
		f.miss(endsPart, logs.State{Detail: "capture.conntrackEnds is false"})
		f.miss(askingPart, logs.State{Detail: "capture.conntrackEnds is false"})
		return
	}
	if err := f.ends.open(f.endsConfig()); err != nil {
		f.log.Warn("how connections ended in conntrack, and their bytes, will not be known", "error", err)
		f.heard(endsPart, err)
		f.heard(askingPart, err)
		return
	}
	var err error
	if f.asker, err = ends.NewAsker(); err != nil {
		f.log.Warn("connections that are closed unseen will stay in the list of those that are open", "error", err)
		f.heard(askingPart, err)
	}
}

// watchedEnds is what hears conntrack's ends: a watcher, and another one where that
// has ended.
type watchedEnds struct {
	mu      sync.Mutex
	watcher *ends.Watcher // nil where the host does not tell
	closes  bool          // ends of connections that were closed are heard
	before  uint64        // heard by watchers that have ended
}

// open opens a watcher, in the place of one that has ended.
func (w *watchedEnds) open(config ends.Config) (err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watcher != nil {
		w.before += w.watcher.Stats().Heard
		_ = w.watcher.Close() // what it ended with is told
	}
	w.watcher, err = ends.Open(config)
	w.closes = false
	return err
}

// heard is how many ends were.
func (w *watchedEnds) heard() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watcher == nil {
		return w.before
	}
	return w.before + w.watcher.Stats().Heard
}

// hearCloses begins or ceases to hear ends of connections that were closed.
func (w *watchedEnds) hearCloses(yes bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watcher == nil || w.closes == yes {
		return nil
	}
	w.closes = yes
	return w.watcher.OpenOnly(!yes)
}

func (w *watchedEnds) close() error {
	if w.watcher == nil {
		return nil
	}
	return w.watcher.Close()
}

// closing is whether conntrack's ends of connections that were closed are to be heard.
// There is one for nearly every connection, and it tells only packets and bytes,
// which not everybody wants: but where events are missing, it may be all that tells
// of a close.
type closing struct {
	missing atomic.Pointer[time.Time] // when events were lost or not recorded, for the last time
}

// closeTime is how long after its FIN or RST conntrack may tell an end: TIME_WAIT,
// and a walk of its garbage collector.
const closeTime = 5 * time.Minute

// miss says that events may be missing at that time.
func (c *closing) miss(now time.Time) { c.missing.Store(&now) }

// hearCloses begins or ceases to hear ends of connections that were closed.
func (f *Firewall) hearCloses(now time.Time) {
	if f.config.Capture.Accounting {
		return
	}
	if !f.notRecordedSince().IsZero() {
		f.closing.miss(now)
	}
	missing := f.closing.missing.Load()
	if err := f.ends.hearCloses(missing != nil && now.Sub(*missing) < closeTime); err != nil {
		f.log.Error("which of conntrack's ends are heard could not be changed", "error", err)
	}
}

// watchEnds takes what conntrack tells until the context ends.
func (f *Firewall) watchEnds(ctx context.Context) {
	if f.ends.watcher == nil {
		return
	}
	f.keepOn(ctx, watch{part: endsPart, what: "conntrack's ends are not heard at the moment",
		open: func() error { return f.ends.open(f.endsConfig()) },
		run:  func(ctx context.Context) error { return f.ends.watcher.Run(ctx, f.takeEnds) }})
}

func (f *Firewall) endsConfig() ends.Config {
	return ends.Config{OpenOnly: !f.config.Capture.Accounting, Overruns: &f.outliving.words[wordEnds]}
}

func (f *Firewall) takeEnds(batch []flow.ConntrackEnd) {
	batch = slices.Clone(batch)
	ended := make([]late, len(batch))
	for i := range batch {
		ended[i] = late{at: batch[i].Time, end: &batch[i]}
	}
	f.connections.later(ended...)
}
