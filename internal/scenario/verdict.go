package scenario

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/topology"
)

// WantedVerdict is what must be said of a connection on its whole way or, with
// the expectation's at, by each of those firewalls alone. What is left out is
// not compared.
type WantedVerdict struct {
	Outcome flow.Outcome `yaml:"outcome,omitempty"`
	// StuckAt "" means that it is stuck nowhere, as does Where.
	StuckAt *flow.Step `yaml:"stuckAt,omitempty"`
	// Where is the leg as [diagnose.Leg.String] writes it: "fw-a → server".
	Where *string `yaml:"where,omitempty"`
	// By is who ended or broke it, by one firewall.
	By        flow.Side      `yaml:"by,omitempty"`
	Certainty flow.Certainty `yaml:"certainty,omitempty"`
	Healthy   *bool          `yaml:"healthy,omitempty"`
	// Cause are fields of the cause with their values, by their names in JSON;
	// of an object, some of its fields are enough. A text that begins with "~"
	// need only be contained.
	Cause map[string]any `yaml:"cause,omitempty"`
	// Fix are the ways to heal it, in their order, as fixText writes them. One
	// that ends with "…" need only begin so.
	Fix *[]string `yaml:"fix,omitempty"`
	// Doubts are codes that must be among the doubts.
	Doubts []flow.Doubt `yaml:"doubts,omitempty"`
}

func (w *WantedVerdict) check(c *checker, e *Expectation, path string) {
	if w.Outcome != "" && !slices.Contains(flow.Outcomes(), w.Outcome) {
		c.oneOf(string(w.Outcome), path+".outcome", texts(flow.Outcomes())...)
	}
	c.oneOf(string(w.Certainty), path+".certainty", "", string(flow.Certain), string(flow.Likely), string(flow.Unknown))
	if len(e.At) > 0 && (w.Where != nil || w.Healthy != nil || w.Cause != nil || w.Fix != nil) {
		c.add(path, "", "where, healthy, cause and fix are said of the whole way", "leave at out, or these")
	}
	if len(e.At) == 0 && w.By != "" {
		c.add(path+".by", string(w.By), "this is said by one firewall", "for example: at: [fw-a]; of the whole way, write cause: {side: …}")
	}
	if e.Flags != nil || len(e.Rows)+len(e.Some) > 0 || e.OneConnection {
		c.add(path, "", "rows and a verdict are expected in steps of their own", "")
	}
	code, _ := w.Cause["code"].(string)
	if w.Cause != nil && !slices.ContainsFunc(diagnose.Codes(), func(d diagnose.CodeDoc) bool { return string(d.Code) == code }) {
		c.add(path+".cause.code", code, "no such cause", "see docs/reference/verdicts.md")
	}
}

// verdictWithin is how long a verdict may take: a handshake that hangs is told
// after three seconds.
const verdictWithin = 8 * time.Second

// awaitVerdict asks until the verdict is as wanted, or the time is over.
func (e *Expectation) awaitVerdict(ctx context.Context, r *Runner, a *attempt) (string, error) {
	within := e.Within.value()
	if within == 0 {
		within = verdictWithin
	}
	for deadline := time.Now().Add(within); ; {
		v, err := r.verdict(ctx, a)
		if err == nil {
			err = e.compareVerdict(&v)
		}
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			r.Observer.Verdict(&v)
			return headOf(&v), err
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// verdict is what is said of an attempt now.
func (r *Runner) verdict(ctx context.Context, a *attempt) (diagnose.Verdict, error) {
	topo, err := r.Lab.Topology()
	if err == nil {
		err = r.learn(ctx, a, topo)
	}
	if err != nil {
		return diagnose.Verdict{}, err
	}
	q := diagnose.Question{Source: a.client, Destination: a.server, At: a.moment()}
	return r.Diagnose(ctx, q, topo)
}

// tellVerdict tells what is said of an attempt once its handshake is over, or
// late. That nothing can be said is no fault of the scenario.
func (r *Runner) tellVerdict(ctx context.Context, a *attempt) {
	for deadline := time.Now().Add(verdictWithin / 2); ; {
		v, err := r.verdict(ctx, a)
		if err != nil || ctx.Err() != nil {
			return
		}
		if v.Outcome != flow.Opening && v.Outcome != flow.NotSeen || time.Now().After(deadline) {
			r.Observer.Verdict(&v)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// learn finds out the port of a client that did not tell it.
func (r *Runner) learn(ctx context.Context, a *attempt, topo *topology.Topology) error {
	for _, f := range topo.AzureFirewalls {
		if a.client.Port() != 0 {
			return nil
		}
		if _, err := (&Expectation{}).rows(ctx, r, a, f.Name); err != nil {
			return err
		}
	}
	return nil
}

// headOf is a verdict in one line of codes.
func headOf(v *diagnose.Verdict) string {
	parts := []string{string(v.Outcome)}
	if v.Where != nil {
		parts = append(parts, v.Where.String())
	}
	return strings.Join(append(parts, string(v.Cause.Code), string(v.Certainty)), " · ")
}

func (e *Expectation) compareVerdict(v *diagnose.Verdict) error {
	if len(e.At) == 0 {
		return e.Verdict.Compare(v)
	}
	var errs []error
	for _, name := range e.At {
		i := slices.IndexFunc(v.Seen, func(s diagnose.Seen) bool { return s.Firewall == name })
		if i < 0 || v.Seen[i].Verdict == nil {
			errs = append(errs, fmt.Errorf("%s has no row of this connection", name))
			continue
		}
		if err := e.Verdict.CompareOne(v.Seen[i].Verdict); err != nil {
			errs = append(errs, fmt.Errorf("at %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = string(t)
	}
	return out
}
