package main

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
)

// contradicts reports where something is called certain that is not true: about
// the whole way, or by one firewall.
func (c *member) contradicts(v *diagnose.Verdict) error {
	var errs []error
	if v.Certainty == flow.Certain {
		truth := c.Verdict
		truth.Where = nil
		errs = append(errs, truth.Compare(v))
		if where := c.Verdict.Where; where != nil && !covers(v.Where, *where) {
			errs = append(errs, fmt.Errorf("where is %v, expected %s", v.Where, *where))
		}
	}
	for _, s := range v.Seen {
		if s.Verdict == nil || s.Verdict.Certainty != flow.Certain {
			continue
		}
		truth, has := c.At[s.Firewall]
		if !has || truth.Outcome != "" && truth.Outcome != s.Verdict.Outcome {
			errs = append(errs, fmt.Errorf("%s is certain of %s, expected %q", s.Firewall, s.Verdict.Outcome, truth.Outcome))
		}
	}
	return errors.Join(errs...)
}

// covers reports whether a place or leg has the true one within: where less is
// known, less is said.
func covers(said *diagnose.Leg, truth string) bool {
	if said == nil || truth == "" {
		return said == nil && truth == ""
	}
	places := []string{"client", "fw-a", "fw-b", "server"}
	leg, err := diagnose.ParseLeg(truth)
	order := func(l diagnose.Leg) (int, int) {
		a, b := slices.Index(places, l.From), slices.Index(places, l.To)
		return min(a, b), max(a, b)
	}
	first, last := order(*said)
	trueFirst, trueLast := order(leg)
	return err == nil && first <= trueFirst && trueLast <= last
}

// assertCertainIsTrue compares what is called certain with the truth.
func assertCertainIsTrue(t *testing.T, members []*member, said []diagnose.Verdict) {
	t.Helper()
	wrong := map[string][]string{}
	for i := range said {
		c, v := members[i], &said[i]
		if err := c.contradicts(v); err != nil {
			wrong[c.Name] = append(wrong[c.Name], describeWrong(c, v, err))
		}
	}
	for name, list := range wrong {
		t.Errorf("%s: %d are certain and wrong, the first one: %s", name, len(list), list[0])
	}
}

// restOnAbsence are outcomes that say that something did not come.
var restOnAbsence = []flow.Outcome{flow.NoReply, flow.NoFinalACK}

// assertNoneSure makes sure that nothing is sure, not even likely, that rests
// on packets which did not come.
func assertNoneSure(t *testing.T, members []*member, said []diagnose.Verdict) {
	t.Helper()
	told := 0
	for i := range said {
		v := &said[i]
		if !slices.Contains(restOnAbsence, v.Outcome) || v.Certainty == flow.Unknown {
			continue
		}
		if told++; told <= 3 {
			t.Errorf("%s rests on what did not come, while events were lost: %s", members[i].Name, describeWrong(members[i], v, nil))
		}
	}
	if told > 3 {
		t.Errorf("and %d others", told-3)
	}
}

// certain counts verdicts that are.
func certain(said []diagnose.Verdict) (n int) {
	for i := range said {
		if said[i].Certainty == flow.Certain {
			n++
		}
	}
	return n
}

// tallyOf counts verdicts by how sure they are.
func tallyOf(said []diagnose.Verdict) string {
	counts := map[flow.Certainty]int{}
	for i := range said {
		counts[said[i].Certainty]++
	}
	return fmt.Sprintf("%d certain, %d likely, %d unknown", counts[flow.Certain], counts[flow.Likely], counts[flow.Unknown])
}

// settleFor is how long it takes until a handshake that hangs is told, and what
// was lost.
const settleFor = 6 * time.Second

// compareCertain compares what is called certain, once all is told.
func (m *mixing) compareCertain() {
	m.t.Helper()
	time.Sleep(settleFor)
	known := m.asked()
	said := verdicts(m.members, known)
	for _, w := range known.Watches {
		if len(w.Losses) == 0 {
			m.t.Errorf("%s has lost nothing", w.Firewall)
		}
		lost := uint64(0)
		for _, l := range w.Losses {
			lost += l.Count
		}
		m.t.Logf("%s lost %d events", w.Firewall, lost)
	}
	m.t.Log(tallyOf(said))
	assertCertainIsTrue(m.t, m.members, said)
}
