package firewall

import (
	"context"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/capture/ends"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// accounting makes conntrack count packets and bytes, of the connections that
// begin from then on.
var accounting = setting{key: "net.netfilter.nf_conntrack_acct", value: "1", why: "capture.accounting"}

func (f *Firewall) wantsEnds() bool {
	wanted := f.config.Capture.ConntrackEnds
	return wanted == nil || *wanted
}

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
	if !f.wantsEnds() {
		return
	}
	watcher, err := ends.Open(ends.Config{})
	if err != nil {
		f.log.Warn("how connections ended in conntrack, and their bytes, will not be known", "error", err)
		return
	}
	f.ends = watcher
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
	}
}

func (f *Firewall) tellLostEnds(l logs.Loss) {
	f.log.Warn("events were lost", "place", l.Place, "count", l.Count, "reason", l.Reason)
	f.tell(logs.LossRow(l, f.source))
	f.lost(l)
}
