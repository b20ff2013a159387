package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
)

// question is what somebody asks who wonders about the connection.
func (c *member) question() diagnose.Question {
	return diagnose.Question{Source: c.client, Destination: c.server}
}

// verdicts are what is said of connections, in their order.
func verdicts(members []*member, known diagnose.Case) []diagnose.Verdict {
	rows := map[string][]flow.Connection{} // by client
	for _, r := range known.Connections {
		for _, end := range []string{r.Tuple.Source.String(), r.Tuple.Dest.String()} {
			rows[end] = append(rows[end], r)
		}
	}
	list := make([]diagnose.Verdict, len(members))
	var workers sync.WaitGroup
	for first := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := first; i < len(members); i += runtime.GOMAXPROCS(0) {
				one := known
				one.Asked, one.Connections = members[i].question(), rows[members[i].client.String()]
				list[i] = diagnose.Diagnose(one)
			}
		})
	}
	workers.Wait()
	return list
}

// differs compares what is said with the truth, also what each firewall says by
// itself.
func (c *member) differs(v *diagnose.Verdict) error {
	errs := []error{c.Verdict.Compare(v)}
	said := map[string]*flow.Verdict{}
	for _, s := range v.Seen {
		if s.Verdict != nil {
			said[s.Firewall] = s.Verdict
		}
	}
	for _, name := range firewallNodes {
		want, expected := c.At[name]
		switch got := said[name]; {
		case expected && got == nil:
			errs = append(errs, fmt.Errorf("%s has no row", name))
		case !expected && got != nil:
			errs = append(errs, fmt.Errorf("%s says %s", name, got.Outcome))
		case expected:
			if err := want.CompareOne(got); err != nil {
				errs = append(errs, fmt.Errorf("at %s: %w", name, err))
			}
		}
	}
	return errors.Join(errs...)
}

// awaitTruth asks until every verdict is right: first about those that were not
// right yet, and in the end about all once more.
func (m *mixing) awaitTruth() {
	m.t.Helper()
	pending, texts := m.members, map[*member]string{}
	for deadline := time.Now().Add(truthWithin); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		if pending, texts = m.wrong(pending); len(pending) > 0 {
			continue
		}
		if pending, texts = m.wrong(m.members); len(pending) == 0 {
			return
		}
	}
	classes := map[string]int{}
	for _, c := range pending {
		if classes[c.Name]++; classes[c.Name] == 1 {
			m.t.Errorf("%s: %s", c.Name, texts[c])
		}
	}
	m.t.Errorf("wrong verdicts by class: %v", classes)
}

// wrong are those of the connections of which something else is said than the
// truth.
func (m *mixing) wrong(of []*member) (list []*member, texts map[*member]string) {
	m.t.Helper()
	texts = map[*member]string{}
	for i, v := range verdicts(of, m.asked()) {
		if err := of[i].differs(&v); err != nil {
			list = append(list, of[i])
			texts[of[i]] = describeWrong(of[i], &v, err)
		}
	}
	return list, texts
}

// describeWrong is a wrong verdict with what it rests on.
func describeWrong(c *member, v *diagnose.Verdict, err error) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s → %s: %v\n\tsaid: %s, stuck at %q, %v, %s, %s, doubts %v", c.client, c.server, err,
		v.Outcome, v.StuckAt, v.Where, v.Cause.Code, v.Certainty, v.Doubts)
	for _, s := range v.Seen {
		if s.Verdict != nil {
			fmt.Fprintf(&text, "\n\t%s: %s by %q, %s, history %s, %q", s.Firewall, s.Verdict.Outcome, s.Verdict.By, s.Verdict.Certainty, s.History, s.Verdict.Detail)
		}
	}
	return text.String()
}
