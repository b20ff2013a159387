package ruleset

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/policy"
)

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
	kinds, err := r.compile()
	if err != nil {
		return nil, fmt.Errorf("compile policy %s: %w", p.Name, err)
	}
	for _, k := range kinds {
		r.Layers = max(r.Layers, len(k.layers))
	}
	r.Text = r.text(kinds)
	return r, nil
}

func (r *Ruleset) compile() ([]kind, error) {
	if r.Options.Generation >= Generations {
		return nil, fmt.Errorf("generation %d: the highest is %d", r.Options.Generation, Generations-1)
	}
	if most := r.Options.Marks.MaxRule(); uint64(len(r.Rules)) > uint64(most) {
		return nil, fmt.Errorf("%d rules: mark mask %#08x has room for %d, use a wider one",
			len(r.Rules), r.Options.Marks.Mask(), most)
	}
	kinds := append(newKinds(false), newKinds(true)...)
	var total load
	for i := range r.Rules {
		rule := &r.Rules[i]
		err := check(rule)
		if err == nil {
			err = total.add(rule, kinds)
		}
		if err != nil {
			return nil, fmt.Errorf("rule %s/%s/%s: %w", rule.Group, rule.Collection, rule.Name, err)
		}
	}
	for i := range kinds {
		kinds[i].compile(r.Rules)
	}
	return kinds, nil
}
