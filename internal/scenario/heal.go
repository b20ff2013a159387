package scenario

import (
	"context"
	"fmt"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
)

// Heal makes the change that the verdict on the last connection proposes, and
// does what the connection did once more: that must be healthy.
type Heal struct {
	// On is a connection by name; the last one where absent.
	On string `yaml:"on,omitempty"`
	// Fix is which of the proposals: 1, the first one, where absent.
	Fix int `yaml:"fix,omitempty"`
}

func (s *Heal) checks() bool { return true }
func (s *Heal) what() string {
	return fmt.Sprintf("heal: make change %d of the verdict", max(s.Fix, 1))
}

func (s *Heal) check(c *checker, path string) {
	if s.On != "" {
		c.named(s.On, path+".on")
	}
	if !c.attempted {
		c.add(path, "", "there is no connection before it", "")
	}
	if s.Fix < 0 {
		c.add(path+".fix", fmt.Sprint(s.Fix), "the proposals are numbered from 1", "")
	}
}

func (s *Heal) do(ctx context.Context, r *Runner) (string, error) {
	a, err := r.of(s.On)
	if err != nil {
		return "", err
	}
	v, err := r.verdict(ctx, a)
	if err != nil {
		return "", err
	}
	number := max(s.Fix, 1)
	if number > len(v.Fix) {
		return "", fmt.Errorf("the verdict %s proposes %d changes", headOf(&v), len(v.Fix))
	}
	fix := &v.Fix[number-1]
	if err := r.apply(ctx, fix); err != nil {
		return fixText(fix), err
	}
	return fixText(fix), s.again(ctx, r, a)
}

// apply makes a change in the lab, as somebody would who reads the verdict.
func (r *Runner) apply(ctx context.Context, f *diagnose.Fix) error {
	switch {
	case !f.ByMachine():
		return fmt.Errorf("%s is for a person to do", fixText(f))
	case f.Rule != nil:
		return r.applyRule(ctx, f.Rule)
	}
	_, err := r.Lab.Change(ctx, func(t *topology.Topology) (*topology.Topology, error) {
		var err error
		for _, change := range f.Topology {
			if t, err = t.Apply(change); err != nil {
				return nil, err
			}
		}
		return t, nil
	})
	return err
}

func (r *Runner) applyRule(ctx context.Context, f *diagnose.RuleFix) error {
	text, err := r.client(f.Firewall).Policy(ctx)
	if err != nil {
		return err
	}
	p, _, err := policy.Parse(f.Policy, text)
	if err != nil {
		return err
	}
	if p, err = f.Apply(p); err != nil {
		return err
	}
	if text, err = p.Encode(); err != nil {
		return err
	}
	_, err = r.client(f.Firewall).Apply(ctx, f.Policy, text)
	return err
}

// again does what was done before once more, and wants it healthy.
func (s *Heal) again(ctx context.Context, r *Runner, before *attempt) error {
	c := before.repeat
	// What must work now gets more time than what had to hang: a busy machine
	// is no fault.
	c.Expect, c.Timeout, c.Ports, c.LocalPort = lab.Established, "15s", 0, 0
	if r.listeners[listenerKey(before.to, before.server.Port())] != nil {
		// The scenario's own server does not answer, and does not close.
		c.Bytes, c.Close, c.Hold = 10, lab.ByReset, "100ms"
	}
	if text, err := c.do(ctx, r); err != nil {
		return fmt.Errorf("after the change: %w (%s)", err, text)
	}
	healthy := true
	_, err := (&Expectation{Verdict: &WantedVerdict{Healthy: &healthy}}).awaitVerdict(ctx, r, r.last)
	return err
}
