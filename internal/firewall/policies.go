package firewall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// policies applies policies one after the other and remembers, for each
// generation that a mark can carry, what its rule numbers mean: an event may
// be read after the policy that decided it has been replaced.
type policies struct {
	marks  ruleset.Marks
	keeper *ruleset.Watcher // applies rulesets and keeps them in force
	folder string           // keeps the policies of all generations over a restart

	mu      sync.RWMutex
	rules   [ruleset.Generations][]logs.Rule // index is the rule's number, 0 the default action; they do not change
	kept    [ruleset.Generations]string      // the revision whose text is in the folder
	unkept  error                            // why the next process will not know what is in force
	running *ruleset.Ruleset                 // nil before the first
}

// generationState is the file that says which generation came last.
type generationState struct {
	Generation uint8 `json:"generation"`
}

func newPolicies(marks ruleset.Marks, keeper *ruleset.Watcher, folder string) (*policies, error) {
	p := &policies{marks: marks, keeper: keeper, folder: folder}
	return p, p.load()
}

// load reads what earlier processes of this firewall applied.
func (p *policies) load() error {
	for g := range ruleset.Generations {
		old, _, err := policy.ReadFile(p.policyFile(uint8(g)))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read policy of generation %d: %w", g, err)
		}
		p.rules[g], p.kept[g] = ruleNames(old), old.Revision()
	}
	return nil
}

func (p *policies) policyFile(generation uint8) string {
	return filepath.Join(p.folder, fmt.Sprintf("policy-%d.yaml", generation))
}

// last is the generation that was applied last, also by an earlier process;
// known is false where nobody can tell.
func (p *policies) last() (generation uint8, known bool, err error) {
	if p.running != nil {
		return p.running.Options.Generation, true, nil
	}
	data, err := os.ReadFile(filepath.Join(p.folder, "generation.json"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	var s generationState
	if err := json.Unmarshal(data, &s); err != nil {
		return 0, false, fmt.Errorf("read generation.json: %w", err)
	}
	return s.Generation, true, nil
}

// apply puts a policy in force in one transaction, or changes nothing.
func (p *policies) apply(ctx context.Context, pol *policy.Policy) (*ruleset.Ruleset, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, known, err := p.last()
	if err != nil {
		return nil, err
	}
	if !known {
		// A table whose process left no trace may be in force, with any
		// generation. Once this one is, the next is surely another.
		if _, err := p.put(ctx, pol, last); err != nil {
			return nil, err
		}
	}
	return p.put(ctx, pol, uint8((int(last)+1)%ruleset.Generations))
}

// put puts a policy in force with a generation that is not in force now.
func (p *policies) put(ctx context.Context, pol *policy.Policy, generation uint8) (*ruleset.Ruleset, error) {
	compiled, err := ruleset.Compile(pol, ruleset.Options{Marks: p.marks, Generation: generation})
	if err != nil {
		return nil, err
	}
	// Connections that were silent since this number was last used would pass
	// for decided: they are to be decided again.
	if err := ruleset.ResetGeneration(p.marks, generation); err != nil {
		return nil, fmt.Errorf("free generation %d: %w", generation, err)
	}
	if p.unkept, err = p.remember(generation, pol); err != nil {
		return nil, err
	}
	if err := p.keeper.Apply(ctx, compiled); err != nil {
		return nil, err
	}
	p.rules[generation] = ruleNames(pol)
	p.running = compiled
	return compiled, nil
}

// current is the ruleset in force.
func (p *policies) current() *ruleset.Ruleset {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.running
}

// noRule is that of a packet about which no policy was asked.
var noRule logs.Rule

// name fills in the decisions of events from their marks, and appends the rule
// of each by name.
func (p *policies) name(events []flow.Event, into []*logs.Rule) []*logs.Rule {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for i := range events {
		into = append(into, p.nameOne(&events[i]))
	}
	return into
}

func (p *policies) nameOne(e *flow.Event) *logs.Rule {
	if e.Direction == flow.DirectionUnknown {
		return &noRule
	}
	rule, action, generation := p.marks.Decode(e.Mark)
	e.Rule, e.Generation = rule, generation
	switch action {
	case ruleset.MarkAllow:
		e.Action = flow.Allow
	case ruleset.MarkDeny:
		e.Action = flow.Deny
	default:
		return &noRule
	}
	if names := p.rules[generation]; int(rule) < len(names) {
		return &names[rule]
	}
	return &noRule
}

func ruleNames(p *policy.Policy) []logs.Rule {
	revision := p.Revision()
	names := []logs.Rule{{Policy: p.Name, Revision: revision}}
	for _, r := range p.Rules() {
		names = append(names, logs.Rule{Policy: r.Policy, Revision: revision, Group: r.Group, Collection: r.Collection, Name: r.Name})
	}
	return names
}
