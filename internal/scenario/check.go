package scenario

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/topology"
)

// checker finds what is wrong with a scenario before anything is done.
type checker struct {
	doc      *document.Document
	scenario *Scenario
	topology *topology.Topology
	problems document.Problems

	names     []string // of connections that stay open
	attempted bool     // whether there is something that rows could be about
}

func (c *checker) check() document.Problems {
	if c.scenario.Name == "" {
		c.add("name", "", "a scenario needs a name", "")
	}
	if len(c.scenario.Steps) == 0 {
		c.add("steps", "", "a scenario needs steps", "for example: - connect: {from: vm1, to: vm2, port: 22, expect: established}")
	}
	for name := range c.scenario.Firewalls {
		c.firewall(name, "firewalls."+name)
	}
	for i := range c.scenario.Steps {
		c.step(&c.scenario.Steps[i], fmt.Sprintf("steps[%d]", i))
	}
	return c.problems
}

func (c *checker) step(s *Step, path string) {
	actions := s.actions()
	if len(actions) > 1 || len(actions) == 0 && s.Say == "" {
		c.add(path, "", "a step does one thing", "one of "+stepKinds()+"; and say beside it")
		return
	}
	for _, a := range actions {
		a.check(c, path+"."+a.name)
	}
	if s.Connect != nil || s.Open != nil || s.Inject != nil {
		c.attempted = true
	}
}

func (c *checker) add(path, value, message, hint string) {
	c.problems = append(c.problems, c.doc.Problem(path, value, message, hint))
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

func (c *checker) outcome(o lab.Outcome, path string) {
	c.oneOf(string(o), path, string(lab.Established), string(lab.Refused), string(lab.TimedOut), string(lab.Unreachable))
}

func (c *checker) firewall(name, path string) {
	var known []string
	for _, f := range c.topology.AzureFirewalls {
		known = append(known, f.Name)
	}
	c.known("firewall", name, path, known)
}

// newName notes the name of a connection that stays open.
func (c *checker) newName(name, path string) {
	switch {
	case name == "":
		c.add(path, "", "it needs a name, which later steps call it by", "for example: name: c")
	case slices.Contains(c.names, name):
		c.add(path, name, "another connection has this name", "")
	}
	c.names = append(c.names, name)
}

// named is the name of a connection that an earlier step has opened.
func (c *checker) named(name, path string) {
	if !slices.Contains(c.names, name) {
		c.add(path, name, "no step before has opened a connection of this name", "for example: - open: {name: c, from: vm1, to: vm2, port: 9000}")
	}
}

// serves reports whether the topology has a service there.
func (c *checker) serves(machine string, port uint16) bool {
	for _, m := range c.topology.VirtualMachines {
		if m.Name == machine && slices.ContainsFunc(m.Services, func(s topology.Service) bool { return s.Port == port }) {
			return true
		}
	}
	return false
}

// target is a node's name or, unless a name is needed, an address.
func (c *checker) target(name, path string, needsName bool) {
	if _, err := netip.ParseAddr(name); err != nil || needsName {
		c.node(name, path)
	}
}

func (c *checker) node(name, path string) { c.known("machine or firewall", name, path, c.nodes()) }

// place is a node, or the network between them all.
func (c *checker) place(name, path string) {
	c.known("machine, firewall or \"fabric\"", name, path, append(c.nodes(), "fabric"))
}

func (c *checker) nodes() []string {
	var known []string
	for _, i := range c.topology.Interfaces() {
		known = append(known, i.Owner)
	}
	if c.topology.Internet != nil {
		for _, h := range c.topology.Internet.Hosts {
			known = append(known, h.Name)
		}
	}
	return known
}
