package firewall

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// watchBlindSpots looks, until the context ends, whether rules of others hide
// something from the recorder.
func (f *Firewall) watchBlindSpots(ctx context.Context) {
	before, _ := f.recorder.Untracked() // of earlier processes: those told it
	since := f.started
	for at := range beats(ctx, lossBeat) {
		if n, err := f.recorder.Untracked(); err == nil && n > before {
			f.tellUntracked(n-before, since)
		}
		since = at
		if f.connections.unmarked() > 0 {
			f.tellUnmarked()
		}
	}
}

// tellUntracked tells once that conntrack was told not to look at packets. A firewall
// drops them, and tells each as one that the host dropped.
func (f *Firewall) tellUntracked(n uint64, since time.Time) {
	if f.policies != nil && !f.unheard.off(dropsPart) || f.unheard.off(untrackedPart) {
		return
	}
	const advice = "no rule may have notrack (iptables: CT --notrack) for what is forwarded"
	f.log.Warn("packets pass that connection tracking is told not to look at: nothing is recorded of their connections; "+advice, "packets", n)
	f.miss(untrackedPart, logs.State{From: since, Detail: fmt.Sprintf("%d until now; %s", n, advice)})
}

// tellUnmarked tells once that marks do not keep our bit, and lets the program send
// no ACKs any more: each packet of a client's would be one.
func (f *Firewall) tellUnmarked() {
	if f.acksOff.Swap(true) {
		return
	}
	marks, _ := f.config.marks() // checked at the start
	advice := keepBits(marks.Handshake())
	f.log.Warn("a rule sets whole connection marks, so that the ACK of a handshake is not known from other packets: ACKs are not recorded any more; " + advice)
	f.record()
	f.miss(acksPart, logs.State{Detail: "a rule sets whole connection marks; " + advice})
}

// warnOfConflicts tells which rules of others touch our bits of marks.
func (f *Firewall) warnOfConflicts(ctx context.Context, mask uint32) (found bool, err error) {
	conflicts, err := ruleset.ConflictsWith(ctx, mask)
	advice := "set markMask to bits that nobody uses, or " + keepBits(mask)
	if f.source.OnlyObserved {
		advice = keepBits(mask)
	}
	for _, c := range conflicts {
		f.log.Warn("somebody else uses our bits of connection marks; "+advice, "rule", c)
	}
	return len(conflicts) > 0, err
}

// keepBits says how rules of others leave ours alone.
func keepBits(ours uint32) string {
	return fmt.Sprintf("let that rule change its own bits only: iptables -j CONNMARK --set-xmark VALUE/%#08[1]x, "+
		"or --save-mark --nfmask %#08[1]x --ctmask %#08[1]x; nft: ct mark set ct mark & %#08[2]x | VALUE", ^ours, ours)
}

// unmarked is how many connections have shown that their marks do not keep our bit.
func (c *connections) unmarked() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tracker.Stats().Unmarked
}

// off reports whether a part is.
func (u *unheard) off(p part) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, off := u.parts[p]
	return off
}

// sends reports whether the program may send events of a flag.
func (f *Firewall) sends(flag flow.Flag) bool { return flag != flow.ACK || !f.acksOff.Load() }

// warnOfOffload tells what passes the forward hook by.
func (f *Firewall) warnOfOffload(ctx context.Context) {
	if found, err := ruleset.Flowtables(ctx); err == nil && len(found) > 0 {
		f.log.Warn("packets of connections in a flowtable do not come to the forward hook, and are not recorded; "+
			"take out the rules that fill it: nft -a list ruleset | grep 'flow add'", "flowtables", strings.Join(found, ", "))
	}
}

// knowOpen marks the connections that are open as those whose handshake is done, or
// the next packet of each would be recorded as the ACK that completes it.
func (f *Firewall) knowOpen(ctx context.Context, marks ruleset.Marks) {
	if err := ruleset.SetBit(ctx, marks.Handshake()); err != nil {
		f.log.Warn("connections that are open already may have a row ACK for a packet that completes no handshake", "error", err)
	}
}
