// Package scenario plays experiments in a lab: connections, changes and
// faults, and the rows and verdicts that each must give. A scenario is a file,
// so that others can use it; see scenarios/ and docs/reference/files.md.
//
// Each kind of step is a type of its own that knows how it is said, what can
// be wrong with it and how it is done: see action.
package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/topology"
)

// Scenario is one experiment.
type Scenario struct {
	Name string `yaml:"name"`
	// Title says in a few words what is tried.
	Title string `yaml:"title"`
	// Fault is the number in the catalogue of faults; empty for others.
	Fault string `yaml:"fault,omitempty"`
	// Topology is a file, relative to the scenario's own folder.
	Topology string `yaml:"topology"`
	// Firewalls are settings of the topology's firewalls by name, where they
	// are not those of every lab.
	Firewalls map[string]Settings `yaml:"firewalls,omitempty"`
	// Alone asks that nothing else is played meanwhile: it needs all of the
	// machine for a moment.
	Alone bool   `yaml:"alone,omitempty"`
	Steps []Step `yaml:"steps"`
}

// Settings are the parts of a firewall's file that a scenario may set.
type Settings struct {
	Capture   firewall.CaptureConfig   `yaml:"capture,omitempty"`
	Conntrack firewall.ConntrackConfig `yaml:"conntrack,omitempty"`
}

// Step is one thing to do; exactly one of its fields is set, beside Say.
type Step struct {
	// Say is told to who watches, before the step.
	Say       string        `yaml:"say,omitempty"`
	Connect   *Connect      `yaml:"connect,omitempty"`
	Open      *Open         `yaml:"open,omitempty"`
	Await     *Await        `yaml:"await,omitempty"`
	Send      *Send         `yaml:"send,omitempty"`
	Close     *Close        `yaml:"close,omitempty"`
	Inject    *Inject       `yaml:"inject,omitempty"`
	Policy    *Policy       `yaml:"policy,omitempty"`
	Route     *RouteStep    `yaml:"route,omitempty"`
	Peering   *PeeringStep  `yaml:"peering,omitempty"`
	Security  *SecurityStep `yaml:"securityRule,omitempty"`
	Sysctl    *Sysctl       `yaml:"sysctl,omitempty"`
	Conntrack *Conntrack    `yaml:"conntrack,omitempty"`
	Reader    *Reader       `yaml:"reader,omitempty"`
	Exec      *Exec         `yaml:"exec,omitempty"`
	Wait      Duration      `yaml:"wait,omitempty"`
	Heal      *Heal         `yaml:"heal,omitempty"`
	Expect    *Expectation  `yaml:"expect,omitempty"`
}

// field is a kind of step by its name in the file.
type field struct {
	name string
	action
	set bool
}

func (s *Step) fields() []field {
	return []field{
		{"connect", s.Connect, s.Connect != nil}, {"open", s.Open, s.Open != nil}, {"await", s.Await, s.Await != nil},
		{"send", s.Send, s.Send != nil}, {"close", s.Close, s.Close != nil}, {"inject", s.Inject, s.Inject != nil},
		{"policy", s.Policy, s.Policy != nil}, {"route", s.Route, s.Route != nil}, {"peering", s.Peering, s.Peering != nil},
		{"securityRule", s.Security, s.Security != nil}, {"sysctl", s.Sysctl, s.Sysctl != nil},
		{"conntrack", s.Conntrack, s.Conntrack != nil}, {"reader", s.Reader, s.Reader != nil}, {"exec", s.Exec, s.Exec != nil},
		{"wait", wait(s.Wait), s.Wait != ""}, {"heal", s.Heal, s.Heal != nil},
		{"expect", s.Expect, s.Expect != nil},
	}
}

// actions lists what the step does: one thing, if it is right, or none where
// it only says something.
func (s *Step) actions() []field {
	return slices.DeleteFunc(s.fields(), func(f field) bool { return !f.set })
}

// stepKinds are the names of all kinds, for messages.
func stepKinds() string {
	var names []string
	for _, f := range (&Step{}).fields() {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// Duration is a time.Duration as it is written: "500ms", "3s". It is checked
// when a scenario is read, where the line is known.
type Duration string

// value is the duration; zero where absent.
func (d Duration) value() time.Duration {
	v, err := d.parse()
	if err != nil {
		return 0
	}
	return v
}

func (d Duration) parse() (time.Duration, error) {
	if d == "" {
		return 0, nil
	}
	return time.ParseDuration(string(d))
}

// Read reads a scenario, its topology and its policies, and checks that each
// step can be done. Warnings come beside it; the error is a document.Problems
// where a file's content is at fault.
func Read(file string) (*Scenario, *topology.Topology, document.Problems, error) {
	var s Scenario
	doc, err := document.ReadFile(file, &s)
	if err != nil {
		return nil, nil, nil, err
	}
	folder := filepath.Dir(file)
	s.Topology = relativeTo(folder, s.Topology)
	for i := range s.Steps {
		if p := s.Steps[i].Policy; p != nil {
			p.File = relativeTo(folder, p.File)
		}
	}
	if s.Topology == "" {
		return nil, nil, nil, document.Problems{doc.Problem("topology", "", "a scenario needs a topology", "for example: topology: ../topologies/spoke-hub-spoke.yaml")}
	}
	topo, warnings, err := topology.ReadFile(s.Topology)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, nil, document.Problems{doc.Problem("topology", s.Topology, "there is no such file", "the path is relative to the scenario's folder")}
	}
	if err != nil {
		return nil, nil, nil, err
	}
	if err := (&checker{doc: doc, scenario: &s, topology: topo}).check().Err(); err != nil {
		return nil, nil, nil, err
	}
	return &s, topo, warnings, nil
}

func relativeTo(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}
