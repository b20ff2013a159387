package firewall

import (
	"context"
	"slices"
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
	watcher, err := ends.Open(ends.Config{OpenOnly: !f.config.Capture.Accounting})
	if err != nil {
		f.log.Warn("how connections ended in conntrack, and their bytes, will not be known", "error", err)
		f.heard(endsPart, err)
		f.heard(askingPart, err)
		return
	}
	f.ends = watcher
	if f.asker, err = ends.NewAsker(); err != nil {
		f.log.Warn("connections that are closed unseen will stay in the list of those that are open", "error", err)
		f.heard(askingPart, err)
	}
}

// closing is whether conntrack's ends of connections that were closed are heard.
// There is one for nearly every connection, and it tells only packets and bytes,
// which not everybody wants: but where events are missing, it may be all that tells
// of a close.
type closing struct {
	heard   bool
	missing atomic.Pointer[time.Time] // when events were lost or not recorded, for the last time
}

// closeTime is how long after its FIN or RST conntrack may tell an end: TIME_WAIT,
// and a walk of its garbage collector.
const closeTime = 5 * time.Minute

// miss says that events may be missing at that time.
func (c *closing) miss(now time.Time) { c.missing.Store(&now) }

// hearCloses begins or ceases to hear ends of connections that were closed.
func (f *Firewall) hearCloses(now time.Time) {
	if f.ends == nil || f.config.Capture.Accounting {
		return
	}
	if !f.notRecordedSince().IsZero() {
		f.closing.miss(now)
	}
	missing := f.closing.missing.Load()
	wanted := missing != nil && now.Sub(*missing) < closeTime
	if wanted == f.closing.heard {
		return
	}
	if err := f.ends.OpenOnly(!wanted); err != nil {
		f.log.Error("which of conntrack's ends are heard could not be changed", "error", err)
	}
	f.closing.heard = wanted
}

// watchEnds takes what conntrack tells until the context ends.
func (f *Firewall) watchEnds(ctx context.Context) {
	if f.ends == nil {
		return
	}
	told, since := uint64(0), time.Now()
	err := f.ends.Run(ctx, func(batch []flow.ConntrackEnd) {
		batch = slices.Clone(batch)
		ended := make([]late, len(batch))
		for i := range batch {
			ended[i] = late{at: batch[i].Time, end: &batch[i]}
		}
		f.connections.later(ended...)
		if lost := f.ends.Stats().Overruns; lost > told {
			f.tellLostEnds(logs.Loss{From: since, To: time.Now(), Place: logs.EndLoss, Count: lost - told,
				Reason: "the buffer was full"})
			told = lost
		}
		since = time.Now()
	})
	if err != nil {
		f.log.Error("conntrack's ends are not heard any more", "error", err)
		f.heard(endsPart, err)
	}
}

func (f *Firewall) tellLostEnds(l logs.Loss) {
	f.log.Warn("events were lost", "place", l.Place, "count", l.Count, "reason", l.Reason)
	f.tell(logs.LossRow(l, f.source))
	f.lost(l)
}
