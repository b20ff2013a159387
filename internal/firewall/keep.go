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

// keepTable keeps the table by which a router is observed, until the context ends.
func (f *Firewall) keepTable(ctx context.Context) error {
	if f.observation == nil {
		return nil
	}
	return f.observation.table.Run(ctx, f.tellTampered)
}

// tellTampered makes a row of a time without our rules. What passed meanwhile
// was decided by nobody.
func (f *Firewall) tellTampered(t ruleset.Tampered) {
	what := "our rules were changed"
	if t.Gone {
		what = "our rules were deleted, and packets passed undecided"
	}
	if f.observation != nil {
		what = "our table was deleted, because its nft process ended; where no other rule asks connection tracking, INVALID rows of that time are of ordinary packets"
	}
	by := "by whom is not known"
	if t.By.PID != 0 {
		by = fmt.Sprintf("by %s (process %d)", t.By.Name, t.By.PID)
	}
	if t.Err != nil {
		f.log.Error("our rules are not in force and could not be applied again; it is tried on", "what", what, "by", by, "since", t.From, "error", t.Err)
		if !f.brokenSince.Equal(t.From) { // once, however often it is tried
			f.brokenSince = t.From
			f.tellState(logs.State{State: logs.RulesetTampered, Detail: fmt.Sprintf("%s, %s; not yet put back: %v", what, by, t.Err), From: t.From})
		}
		return
	}
	f.log.Warn(what+"; they are in force again", "by", by, "for", t.To.Sub(t.From).Round(time.Millisecond))
	f.tellState(logs.State{State: logs.RulesetTampered, Detail: what + ", " + by, From: t.From, To: t.To})
	f.doubtUndecided(t.From, t.To)
}

// noteRules notes until when our rules were in force, for who comes after us. While
// they are not, it says so to the tracker: it must not wait for their return.
func (f *Firewall) noteRules(now time.Time) {
	if f.keeper == nil {
		return
	}
	since := f.keeper.MissingSince()
	if since.IsZero() {
		f.outliving.words[wordRulesWhole].Store(uint64(now.Add(-settleTime).UnixNano()))
		f.doubted = time.Time{}
		return
	}
	if now.Sub(f.doubted) >= time.Second {
		f.doubted = now
		f.doubtUndecided(since, now)
	}
}

// doubtUndecided says to the tracker that our rules were gone. Conntrack looks only
// at what rules ask it to: what is recorded then as INVALID may be an ordinary packet,
// so it is a time in which not everything was recorded. It began a little before we
// heard of it.
func (f *Firewall) doubtUndecided(from, to time.Time) {
	if !from.IsZero() {
		from = from.Add(-settleTime)
	}
	f.connections.later(late{at: to, gap: &logs.Loss{From: from, To: to}})
}

// tellGone makes a row of rules that were deleted while no process was there
// to put them back.
func (f *Firewall) tellGone() {
	if !f.gone {
		return
	}
	const what = "our rules were deleted while no process was there to put them back, by whom is not known, and packets passed undecided; " +
		"INVALID rows of that time may be of such packets"
	from := f.outliving.rulesWhole()
	f.log.Warn(what+"; the rules are in force again", "not before", from)
	f.tellState(logs.State{State: logs.RulesetTampered, Detail: what, From: from, To: f.whole})
	f.doubtUndecided(from, f.whole)
}
