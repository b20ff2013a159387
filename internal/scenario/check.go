package scenario

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
)

// checker finds what is wrong with a scenario before anything is done.
type checker struct {
	doc      *document.Document
	scenario *Scenario
	topology *topology.Topology
	problems document.Problems
}

func (c *checker) check() document.Problems {
	if c.scenario.Name == "" {
		c.add("name", "", "a scenario needs a name", "")
	}
	if len(c.scenario.Steps) == 0 {
		c.add("steps", "", "a scenario needs steps", "for example: - connect: {from: vm1, to: vm2, port: 22, expect: established}")
	}
	connected := false
	for i := range c.scenario.Steps {
		s, path := &c.scenario.Steps[i], fmt.Sprintf("steps[%d]", i)
		c.one(s, path)
		c.duration(s.Wait, path+".wait")
		c.connect(s.Connect, path+".connect")
		c.policy(s.Policy, path+".policy")
		c.route(s.Route, path+".route")
		c.exec(s.Exec, path+".exec")
		connected = connected || s.Connect != nil
		if s.Expect != nil && !connected {
			c.add(path+".expect", "", "there is no connection before it", "expectations are about the last connect step")
		}
		c.expect(s.Expect, path+".expect")
	}
	return c.problems
}

func (c *checker) add(path, value, message, hint string) {
	c.problems = append(c.problems, c.doc.Problem(path, value, message, hint))
}

func (c *checker) one(s *Step, path string) {
	n := 0
	for _, set := range []bool{s.Connect != nil, s.Policy != nil, s.Route != nil, s.Exec != nil, s.Wait != "", s.Expect != nil} {
		if set {
			n++
		}
	}
	if n > 1 || n == 0 && s.Say == "" {
		c.add(path, "", "a step does one thing", "connect, policy, route, exec, wait or expect, and say beside it")
	}
}

func (c *checker) connect(s *Connect, path string) {
	if s == nil {
		return
	}
	c.node(s.From, path+".from")
	if _, err := netip.ParseAddr(s.To); err != nil || s.Program == "ssh" {
		c.node(s.To, path+".to")
	}
	if s.Port == 0 && s.Program != "ssh" {
		c.add(path+".port", "0", "not a port", "a number from 1 to 65535")
	}
	c.duration(s.Timeout, path+".timeout")
	c.duration(s.Hold, path+".hold")
	c.oneOf(s.Program, path+".program", "", "builtin", "ssh")
	c.oneOf(string(s.Expect), path+".expect", string(lab.Established), string(lab.Refused), string(lab.TimedOut), string(lab.Unreachable))
	c.oneOf(string(s.Close), path+".close", "", string(lab.ByClient), string(lab.ByServer), string(lab.ByReset))
}

func (c *checker) policy(s *Policy, path string) {
	if s == nil {
		return
	}
	c.firewall(s.Firewall, path+".firewall")
	if _, err := os.Stat(s.File); err != nil {
		c.add(path+".file", s.File, "there is no such file", "the path is relative to the scenario's folder")
	} else if _, _, err := policy.ReadFile(s.File); err != nil {
		c.add(path+".file", s.File, "the policy is wrong: "+err.Error(), "")
	}
}

func (c *checker) route(s *RouteStep, path string) {
	if s == nil {
		return
	}
	if (s.Set == nil) == (s.Delete == "") {
		c.add(path, "", "a route step either sets or deletes", "set: {name: …, addressPrefix: …, nextHopType: …} or delete: NAME")
	}
	known := make([]string, len(c.topology.RouteTables))
	for i, t := range c.topology.RouteTables {
		known[i] = t.Name
	}
	c.known("route table", s.Table, path+".table", known)
}

func (c *checker) exec(s *Exec, path string) {
	if s == nil {
		return
	}
	c.node(s.On, path+".on")
	if len(s.Command) == 0 {
		c.add(path+".command", "", "nothing to run", `for example: command: [nft, list, ruleset]`)
	}
}

func (c *checker) expect(s *Expectation, path string) {
	if s == nil {
		return
	}
	if len(s.At) == 0 {
		c.add(path+".at", "", "at which firewalls?", "for example: at: [fw-a]")
	}
	for i, name := range s.At {
		c.firewall(name, fmt.Sprintf("%s.at[%d]", path, i))
	}
	c.duration(s.Within, path+".within")
	table := s.table()
	if table == nil {
		c.add(path+".table", s.Table, "no such table", "AZFWFlowTrace or AZFWNetworkRule")
		return
	}
	if s.Flags != nil {
		if _, err := compilePattern(*s.Flags); err != nil {
			c.add(path+".flags", *s.Flags, err.Error(), `for example: "SYN SYN-ACK ACK FIN FIN-ACK" or "SYN INVALID{2,}"`)
		}
	}
	for i, row := range s.Rows {
		for column := range row {
			if table.Index(column) < 0 {
				c.add(fmt.Sprintf("%s.rows[%d].%s", path, i, column), "", "no such column in "+table.Name, suggestColumn(table, column))
			}
		}
	}
}

// table is the table that is meant; nil for an unknown one.
func (e *Expectation) table() *logs.Table {
	if e.Table == "" {
		return logs.FlowTrace
	}
	t, _ := logs.Lookup(e.Table)
	return t
}

func suggestColumn(t *logs.Table, column string) string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return didYouMean(column, names)
}

func didYouMean(word string, list []string) string {
	if s := document.Suggest(word, list); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	return "there is " + strings.Join(list, ", ")
}

func (c *checker) known(what, name, path string, list []string) {
	if !slices.Contains(list, name) {
		c.add(path, name, "no such "+what, didYouMean(name, list))
	}
}

func (c *checker) oneOf(value, path string, list ...string) {
	if !slices.Contains(list, value) {
		c.add(path, value, "not one of its values", "one of: "+strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), ", "))
	}
}

func (c *checker) duration(d Duration, path string) {
	if v, err := d.parse(); err != nil || v < 0 {
		c.add(path, string(d), "not a duration", "write it as 500ms or 3s")
	}
}

func (c *checker) firewall(name, path string) {
	var known []string
	for _, f := range c.topology.AzureFirewalls {
		known = append(known, f.Name)
	}
	c.known("firewall", name, path, known)
}

func (c *checker) node(name, path string) {
	var known []string
	for _, i := range c.topology.Interfaces() {
		known = append(known, i.Owner)
	}
	if c.topology.Internet != nil {
		for _, h := range c.topology.Internet.Hosts {
			known = append(known, h.Name)
		}
	}
	c.known("machine or firewall", name, path, known)
}
