package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
)

// question is what somebody asks who wonders about the connection.
func (c *member) question() diagnose.Question {
	return diagnose.Question{Source: c.client, Destination: c.server}
}

// asked is all that the firewalls answer: every connection, what was lost, and
// the policies in force.
func (m *mixing) asked() diagnose.Case {
	m.t.Helper()
	topo, err := m.lab.Topology()
	if err != nil {
		m.t.Fatal(err)
	}
	all := diagnose.Case{Topology: topo, Policies: map[string]*policy.Policy{}, Now: time.Now()}
	for _, name := range firewallNodes {
		client := m.client(name)
		a := askFirewall(m.t.Context(), m.status(name), m.members[0].question())
		if a.err != nil {
			m.t.Fatal(a.err)
		}
		all.Watches = append(all.Watches, a.watch)
		all.Policies[name] = a.policy
		err := client.Connections(m.t.Context(), control.ConnectionOptions{Last: -1}, nil, func(line []byte) error {
			r, _, err := control.ParseTraceLine(line)
			if err != nil || r.Table() != logs.Connection {
				return err
			}
			row, err := logs.ParseConnection(r)
			all.Connections = append(all.Connections, row)
			return err
		})
		if err != nil {
			m.t.Fatal(err)
		}
	}
	m.topology, m.policies = all.Topology, all.Policies
	return all
}

func (m *mixing) status(name string) firewall.Status {
	s, err := m.client(name).Status(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	return s
}

// verdicts are what is said of all connections, in their order.
func (m *mixing) verdicts(known diagnose.Case) []diagnose.Verdict {
	rows := map[string][]flow.Connection{} // by client
	for _, r := range known.Connections {
		for _, end := range []string{r.Tuple.Source.String(), r.Tuple.Dest.String()} {
			rows[end] = append(rows[end], r)
		}
	}
	list := make([]diagnose.Verdict, len(m.members))
	for i, c := range m.members {
		one := known
		one.Asked, one.Connections = c.question(), rows[c.client.String()]
		list[i] = diagnose.Diagnose(one)
	}
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

// awaitTruth asks until every verdict is right.
func (m *mixing) awaitTruth() {
	m.t.Helper()
	var wrong map[string][]string
	for deadline := time.Now().Add(truthWithin); ; time.Sleep(300 * time.Millisecond) {
		wrong = map[string][]string{}
		for i, v := range m.verdicts(m.asked()) {
			if err := m.members[i].differs(&v); err != nil {
				name := m.members[i].Name
				wrong[name] = append(wrong[name], describeWrong(m.members[i], &v, err))
			}
		}
		if len(wrong) == 0 || time.Now().After(deadline) {
			break
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wrong)) {
		m.t.Errorf("%s: %d verdicts are wrong, the first one: %s", name, len(wrong[name]), wrong[name][0])
	}
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

// compareAskedSingly asks about one connection of each class as the command
// does.
func (m *mixing) compareAskedSingly() {
	m.t.Helper()
	topo, err := m.lab.Topology()
	if err != nil {
		m.t.Fatal(err)
	}
	firewalls := []firewall.Status{m.status("fw-a"), m.status("fw-b")}
	done := map[string]bool{}
	for _, c := range m.members {
		if done[c.Name] {
			continue
		}
		done[c.Name] = true
		v, err := askFirewalls(m.t.Context(), firewalls, c.question(), topo, nil)
		if err == nil {
			err = c.differs(&v)
		}
		if err != nil {
			m.t.Errorf("%s, asked about alone: %s", c.Name, describeWrong(c, &v, err))
		}
	}
}
