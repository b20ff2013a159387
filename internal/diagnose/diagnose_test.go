package diagnose

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/policy"
)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	for _, tc := range readCases(t) {
		t.Run(tc.Fault+" "+tc.Name, func(t *testing.T) {
			t.Parallel()
			c := tc.build(t)
			v := Diagnose(c)
			if diff := cmp.Diff(tc.Expect, summary(v, tc.Expect)); diff != "" {
				text, _ := json.MarshalIndent(v, "", "  ")
				t.Errorf("Diagnose() (-want, +got):\n%s\n%s", diff, text)
			}
			proveFixes(t, &c, &v)
		})
	}
}

// summary is the verdict in the form of an expectation; of the cause and of
// lists only what is expected.
func summary(v Verdict, want expectation) expectation {
	got := expectation{Outcome: string(v.Outcome), StuckAt: string(v.StuckAt), Certainty: string(v.Certainty),
		Healthy: v.Healthy, Scan: v.Scan != nil, Cause: map[string]any{}}
	if v.Where != nil {
		got.Where = v.Where.String()
	}
	got.Cause, _ = common(plain(v.Cause), want.Cause).(map[string]any)
	for _, d := range v.Doubts {
		got.Doubts = append(got.Doubts, string(d.Code))
	}
	for _, f := range v.Fix {
		got.Fix = append(got.Fix, fixText(f))
	}
	if want.Next != nil {
		for _, n := range v.Next {
			got.Next = append(got.Next, string(n.Code))
		}
	}
	if want.Legs != nil {
		for _, l := range v.Legs {
			got.Legs = append(got.Legs, fmt.Sprintf("%s %s %v", l.From, l.To, l.RoundTripMs))
		}
	}
	for _, e := range v.Earlier {
		got.Earlier = append(got.Earlier, string(e.Outcome))
	}
	return got
}

// plain is a value as JSON has it.
func plain(v any) any {
	data, _ := json.Marshal(v)
	var out any
	_ = json.Unmarshal(data, &out)
	return out
}

// common keeps of got what want has, so that a case names only the fields that
// matter to it. Numbers are compared as texts.
func common(got, want any) any {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return got
		}
		out := map[string]any{}
		for k := range w {
			if value, ok := g[k]; ok || w[k] == nil {
				out[k] = common(value, w[k])
			}
		}
		return out
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return got
		}
		for i := range w {
			g[i] = common(g[i], w[i])
		}
		return g
	}
	if fmt.Sprint(got) == fmt.Sprint(want) {
		return want
	}
	return got
}

// proveFixes applies each fix that a machine can apply and looks at the way
// again.
func proveFixes(t *testing.T, c *Case, v *Verdict) {
	t.Helper()
	talk := converse(c.Asked, &Attempt{Rows: c.Connections}, nil)
	for _, f := range v.Fix {
		if f.Rule != nil {
			changed, err := f.Rule.Apply(c.Policies[f.Rule.Firewall])
			if err != nil || decide(changed, talk.tuple()).Action != policy.Allow {
				t.Errorf("fix %s does not let the connection in: %v", fixText(f), err)
			}
			if _, err := changed.Encode(); err != nil {
				t.Errorf("fix %s makes a policy that no file can hold: %v", fixText(f), err)
			}
		}
		top := c.Topology
		for _, change := range f.Topology {
			var err error
			if top, err = top.Apply(change); err != nil {
				t.Fatalf("apply %s: %v", fixText(f), err)
			}
		}
		if len(f.Topology) > 0 {
			if p := predict(top, &talk); !p.sound() {
				t.Errorf("fix %s does not make the way sound", fixText(f))
			}
		}
	}
}

// The order of rows, and of those asked, never matters.
func TestOrderOfRows(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, tc := range readCases(t) {
		c := tc.build(t)
		want := plain(Diagnose(c))
		for range 4 {
			random.Shuffle(len(c.Connections), func(i, j int) {
				c.Connections[i], c.Connections[j] = c.Connections[j], c.Connections[i]
			})
			random.Shuffle(len(c.Watches), func(i, j int) { c.Watches[i], c.Watches[j] = c.Watches[j], c.Watches[i] })
			if diff := cmp.Diff(want, plain(Diagnose(c))); diff != "" {
				t.Fatalf("%s %s: in another order (-want, +got):\n%s", tc.Fault, tc.Name, diff)
			}
		}
	}
}

// Losses make a verdict less certain and never another one; what rests on a
// packet that was seen stays certain.
func TestLosses(t *testing.T) {
	t.Parallel()
	for _, tc := range readCases(t) {
		before := Diagnose(tc.build(t))
		c := tc.build(t)
		for i := range c.Watches {
			c.Watches[i].Losses = []Loss{{Span: Span{ms(-1000), ms(1e7)}, Count: 7}}
		}
		for i := range c.Connections {
			v := &c.Connections[i].Verdict
			if rank(v.Outcome) >= firstAbsence && !v.Outcome.Healthy() {
				v.Certainty, v.Doubts = flow.Unknown, append(v.Doubts, flow.EventsLost)
			}
		}
		after := Diagnose(c)
		if after.Outcome != before.Outcome {
			t.Errorf("%s %s: losses turn %s into %s", tc.Fault, tc.Name, before.Outcome, after.Outcome)
		}
		if weaker(before.Certainty, after.Certainty) != after.Certainty {
			t.Errorf("%s %s: losses make %s out of %s", tc.Fault, tc.Name, after.Certainty, before.Certainty)
		}
		if before.Outcome == flow.ReplyBypasses && before.Certainty == flow.Certain && after.Certainty != flow.Certain {
			t.Errorf("%s %s: losses make reply-bypasses %s", tc.Fault, tc.Name, after.Certainty)
		}
		if rank(after.Outcome) == firstAbsence && after.Certainty == flow.Certain {
			t.Errorf("%s %s: an absence is certain in spite of losses", tc.Fault, tc.Name)
		}
	}
}
