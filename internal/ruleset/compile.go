package ruleset

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/policy"
)

// maxEntries bounds the maps of one ruleset. nft and the kernel load 10,000
// entries with as many rules in 0.5 s and 65,000 in 3.6 s; 100,000 took up to
// 21 s, and 200,000 more than a minute.
const maxEntries = 100_000

// Options are what a ruleset needs to know besides the policy.
type Options struct {
	Marks Marks
	// Generation tells this ruleset's decisions from those of the ones before
	// it; 0 to Generations-1.
	Generation uint8
}

// Ruleset is a policy in the kernel's words.
type Ruleset struct {
	Policy  *policy.Policy
	Options Options
	// Text is what nft gets. The same policy and options give the same text.
	Text string
	// Rules are the policy's, in the order of evaluation: that with number n
	// is at n-1.
	Rules []policy.Rule
	// Layers is how many maps a packet is looked up in at most.
	Layers int
}

// Compile turns a policy into a ruleset. It refuses a policy with more rules
// than the mark can tell apart, or with more combinations of addresses and
// ports than the kernel can load in good time.
func Compile(p *policy.Policy, o Options) (*Ruleset, error) {
	r := &Ruleset{Policy: p, Options: o, Rules: p.Rules()}
	families, err := r.compile()
	if err != nil {
		return nil, fmt.Errorf("compile policy %s: %w", p.Name, err)
	}
	for _, f := range families {
		r.Layers = max(r.Layers, len(f.layers))
	}
	r.Text = r.text(families)
	return r, nil
}

func (r *Ruleset) compile() ([]family, error) {
	if r.Options.Generation >= Generations {
		return nil, fmt.Errorf("generation %d: the highest is %d", r.Options.Generation, Generations-1)
	}
	if most := r.Options.Marks.MaxRule(); uint64(len(r.Rules)) > uint64(most) {
		return nil, fmt.Errorf("%d rules: mark mask %#08x has room for %d, use a wider one",
			len(r.Rules), r.Options.Marks.Mask(), most)
	}
	total := 0
	for i := range r.Rules {
		rule := &r.Rules[i]
		if err := check(rule); err != nil {
			return nil, fmt.Errorf("rule %s/%s/%s: %w", rule.Group, rule.Collection, rule.Name, err)
		}
		if total += size(rule); total > maxEntries {
			return nil, fmt.Errorf("rule %s/%s/%s: the policy has more than %d combinations of source, destination and port here",
				rule.Group, rule.Collection, rule.Name, maxEntries)
		}
	}
	families := newFamilies()
	for i := range families {
		families[i].compile(r.Rules)
	}
	return families, nil
}
