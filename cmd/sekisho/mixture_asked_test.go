package main

import (
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
)

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

// compareAskedSingly asks about one connection of every fourth class as the
// command does: each time it gets all rows of the two machines.
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
		if len(done)%4 != 0 {
			continue
		}
		v, err := askFirewalls(m.t.Context(), firewalls, c.question(), topo, nil)
		if err == nil {
			err = c.differs(&v)
		}
		if err != nil {
			m.t.Errorf("%s, asked about alone: %s", c.Name, describeWrong(c, &v, err))
		}
	}
}
