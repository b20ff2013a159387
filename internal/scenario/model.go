// Package scenario plays experiments in a lab: connections, changes of policy
// and of routes, and the rows that each must give. A scenario is a file, so
// that others can use it; see scenarios/ and docs/reference/files.md.
package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/lab"
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
	Steps    []Step `yaml:"steps"`
}

// Step is one thing to do; exactly one of its fields is set, beside Say.
type Step struct {
	// Say is told to who watches, before the step.
	Say     string       `yaml:"say,omitempty"`
	Connect *Connect     `yaml:"connect,omitempty"`
	Policy  *Policy      `yaml:"policy,omitempty"`
	Route   *RouteStep   `yaml:"route,omitempty"`
	Exec    *Exec        `yaml:"exec,omitempty"`
	Wait    Duration     `yaml:"wait,omitempty"`
	Expect  *Expectation `yaml:"expect,omitempty"`
}

// Connect opens a TCP connection between nodes.
type Connect struct {
	From string `yaml:"from"`
	// To is a node's name or, for the built-in client, an address.
	To   string `yaml:"to"`
	Port uint16 `yaml:"port"`
	// Program is builtin (where absent) or ssh, OpenSSH's client.
	Program string `yaml:"program,omitempty"`
	// Expect is what the client must see: established, refused, timeout or
	// unreachable.
	Expect  lab.Outcome `yaml:"expect"`
	Timeout Duration    `yaml:"timeout,omitempty"`
	// The rest is for the built-in client.
	Bytes     int         `yaml:"bytes,omitempty"`
	Close     lab.Closing `yaml:"close,omitempty"`
	Hold      Duration    `yaml:"hold,omitempty"`
	LocalPort uint16      `yaml:"localPort,omitempty"`
}

// Policy puts a policy file, relative to the scenario's folder, in force.
type Policy struct {
	Firewall string `yaml:"firewall"`
	File     string `yaml:"file"`
}

// RouteStep changes a route table.
type RouteStep struct {
	Table  string          `yaml:"table"`
	Set    *topology.Route `yaml:"set,omitempty"`
	Delete string          `yaml:"delete,omitempty"` // name or prefix
}

// Exec runs a program in a node.
type Exec struct {
	On      string   `yaml:"on"`
	Command []string `yaml:"command"`
	// Expect is the exit code that it must end with.
	Expect int `yaml:"expect,omitempty"`
}

// Expectation is about the rows of the last connection.
type Expectation struct {
	// At names the firewalls; each must have the same.
	At []string `yaml:"at"`
	// Table is AZFWFlowTrace where absent.
	Table string `yaml:"table,omitempty"`
	// Flags is what the column Flag must say, row after row: a regular
	// expression over flags, as in "SYN INVALID{2,}" or "(SYN|SYN-ACK)+".
	// An empty text means no row at all.
	Flags *string `yaml:"flags,omitempty"`
	// Rows give columns and their values. With a Flag among them they are
	// about the rows with that flag, of which there must be at least one;
	// otherwise about every row. A value that begins with "~" need only be
	// contained; "" means empty.
	Rows []map[string]string `yaml:"rows,omitempty"`
	// AtLeast is how many rows there must be; 1 where absent.
	AtLeast int `yaml:"atLeast,omitempty"`
	// OneConnection demands that all rows, at all firewalls, have one and the
	// same connection id.
	OneConnection bool `yaml:"oneConnection,omitempty"`
	// Within is how long the rows may take to come; 5 s where absent.
	Within Duration `yaml:"within,omitempty"`
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
