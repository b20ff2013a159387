package firewall

import (
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/tracker"
)

// wanting is which events the program in the kernel sends.
type wanting struct {
	mu    sync.Mutex
	since time.Time // not all of them; zero: all
}

// wants reports whether somebody has a use for events of a flag. The rows of
// connections follow from all of them; those of the rule log from the packets
// that are decided. Where there are no settings everything is wanted: what is
// remembered is there for whoever asks.
func (o *outputs) wants(flag flow.Flag, followers int) bool {
	if o.revision == 0 || followers > 0 || o.router.Any(logs.FlowTrace) || o.router.Any(logs.Connection) {
		return true
	}
	decided := flag == flow.SYN || flag == flow.DENIED || flag == flow.FlagNone
	return decided && o.router.Any(logs.NetworkRule)
}

// record tells the program in the kernel which events somebody wants. What was
// not sent is a gap in what connections are told by.
func (f *Firewall) record() {
	f.wanting.mu.Lock()
	defer f.wanting.mu.Unlock()
	o := f.outputs.Load()
	followers, _ := f.stream.counts()
	all := true
	err := f.recorder.Want(func(flag flow.Flag) bool {
		wanted := o.wants(flag, followers)
		all = all && wanted
		return wanted && f.sends(flag)
	})
	if err != nil {
		f.log.Error("which events are wanted could not be said", "error", err)
		return
	}
	now := time.Now()
	switch since := f.wanting.since; {
	case !all && since.IsZero():
		f.wanting.since = now
	case all && !since.IsZero():
		f.wanting.since = time.Time{}
		f.connections.later(late{at: now, gap: &logs.Loss{From: since, To: now}})
	}
}

func (f *Firewall) notRecordedSince() time.Time {
	f.wanting.mu.Lock()
	defer f.wanting.mu.Unlock()
	return f.wanting.since
}

func (l late) tellGap(t *tracker.Tracker) { t.AddGap(l.gap.From, l.gap.To) }
