package firewall

import (
	"context"
	"fmt"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// keepRuleset puts the ruleset in force again whenever somebody takes it away,
// until the context ends.
func (f *Firewall) keepRuleset(ctx context.Context) {
	if f.keeper == nil {
		return
	}
	if err := f.keeper.Run(ctx, f.tellTampered); err != nil {
		f.log.Error("nobody watches any more that the rules stay in force", "error", err)
		f.heard(keepingPart, err)
	}
}

// tellTampered makes a row of a time without our rules. What passed meanwhile
// was decided by nobody.
func (f *Firewall) tellTampered(t ruleset.Tampered) {
	what := "our rules were changed"
	if t.Gone {
		what = "our rules were deleted, and packets passed undecided"
	}
	by := "by whom is not known"
	if t.By.PID != 0 {
		by = fmt.Sprintf("by %s (process %d)", t.By.Name, t.By.PID)
	}
	if t.Err != nil {
		f.log.Error("our rules are not in force and could not be applied again; it is tried on", "what", what, "by", by, "since", t.From, "error", t.Err)
		return
	}
	f.log.Warn(what+"; they are in force again", "by", by, "for", t.To.Sub(t.From).Round(time.Millisecond))
	f.tellState(logs.State{State: logs.RulesetTampered, Detail: what + ", " + by, From: t.From, To: t.To})
}

// tellGone makes a row of rules that were deleted while no process was there
// to put them back. Conntrack works only for rules that ask it, so what was
// recorded since as INVALID was an ordinary packet to it, and to us.
func (f *Firewall) tellGone() {
	if !f.gone {
		return
	}
	const what = "our rules had been deleted before this process started, by whom and since when is not known, and packets passed undecided; " +
		"INVALID rows of that time may be of such packets"
	f.log.Warn(what + "; the rules are in force again")
	f.tellState(logs.State{State: logs.RulesetTampered, Detail: what, To: f.started})
}
