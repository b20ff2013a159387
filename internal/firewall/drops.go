package firewall

import (
	"context"
	"net/netip"

	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// openDrops begins to tell what the host drops outside the policy. A host that
// cannot tell (it has no BPF tracing) runs a firewall all the same.
func (f *Firewall) openDrops(config drops.Config) {
	if wanted := f.config.Capture.KernelDrops; wanted != nil && !*wanted {
		f.miss(dropsPart, logs.State{Detail: "capture.kernelDrops is false"})
		return
	}
	watcher, err := drops.Open(config)
	if err != nil {
		f.log.Warn("what the host drops outside the policy will have no rows", "error", err)
		f.heard(dropsPart, err)
		return
	}
	f.drops = watcher
}

// watchDrops makes rows of drops until the context ends.
func (f *Firewall) watchDrops(ctx context.Context) {
	if f.drops == nil {
		return
	}
	if err := f.drops.Run(ctx, f.takeDrops); err != nil {
		f.log.Error("what the host drops has no rows any more", "error", err)
		f.heard(dropsPart, err)
	}
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

// watchConntrack tells, once a second, which of conntrack's own counters rose.
func (f *Firewall) watchConntrack(ctx context.Context) {
	var before drops.ConntrackCounters
	f.tellCounters(&before)
	for range beats(ctx, lossBeat) {
		f.tellCounters(&before)
	}
}

// tellCounters tells which counters rose since the reading before, if there was
// one. What rises while they cannot be read is told when they can.
func (f *Firewall) tellCounters(before *drops.ConntrackCounters) {
	after, err := drops.ReadConntrackCounters()
	if f.heard(countersPart, err); err != nil {
		return
	}
	if !before.Time.IsZero() {
		for _, d := range drops.Moved(*before, after) {
			f.tell(logs.KernelDropRow(&d, f.source))
			f.connections.later(late{at: d.Time, drop: &d})
		}
	}
	*before = after
}

// dropsLost is how many drops of the host have no row and were not folded.
func (f *Firewall) dropsLost() uint64 {
	if f.drops == nil {
		return 0
	}
	s, err := f.drops.Stats()
	if err != nil {
		return 0
	}
	return s.Suppressed + s.Lost + s.Missed
}
