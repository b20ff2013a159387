package diagnose

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
)

// caseFile is a file of testdata/cases: faults of the catalogue and their
// healthy twins, as rows and what must come out. testdata/README.md describes
// it.
type caseFile struct {
	Topology string            `yaml:"topology"`
	Policies map[string]string `yaml:"policies"`
	Cases    []testCase        `yaml:"cases"`
}

type testCase struct {
	Name  string `yaml:"name"`
	Fault string `yaml:"fault"`
	Ask   string `yaml:"ask"`
	// Unknown leaves the topology out; Edits change it first.
	Unknown  bool              `yaml:"topologyUnknown"`
	Topology string            `yaml:"topology"`
	Changes  []edit            `yaml:"edits"`
	Policies map[string]string `yaml:"policies"`
	Asked    []string          `yaml:"asked"` // all firewalls where absent
	Losses   map[string]uint64 `yaml:"losses"`
	Gaps     []string          `yaml:"gaps"`
	Tampered []string          `yaml:"tampered"`
	Rows     []testRow         `yaml:"rows"`
	Expect   expectation       `yaml:"expect"`
}

type edit struct {
	Table  string `yaml:"table"`
	Set    string `yaml:"set"` // "name prefix hop [address]"
	Delete string `yaml:"delete"`
}

type expectation struct {
	Outcome   string         `yaml:"outcome"`
	StuckAt   string         `yaml:"stuckAt"`
	Where     string         `yaml:"where"`
	Certainty string         `yaml:"certainty"`
	Healthy   bool           `yaml:"healthy"`
	Cause     map[string]any `yaml:"cause"`
	Doubts    []string       `yaml:"doubts"`
	Fix       []string       `yaml:"fix"`
	Next      []string       `yaml:"next"`
	Legs      []string       `yaml:"legs"`
	Scan      bool           `yaml:"scan"`
	Earlier   []string       `yaml:"earlier"`
}

// files are read once: neither topologies nor policies are changed once they
// have been read.
type files[T any] struct {
	folder string
	parse  func(string) (T, error)
	known  sync.Map
}

func (f *files[T]) read(name string) (T, error) {
	once, _ := f.known.LoadOrStore(name, sync.OnceValues(func() (T, error) { return f.parse(filepath.Join("testdata", f.folder, name)) }))
	return once.(func() (T, error))()
}

var (
	topologies = files[*topology.Topology]{folder: "topologies", parse: func(name string) (*topology.Topology, error) {
		top, _, err := topology.ReadFile(name)
		return top, err
	}}
	policies = files[*policy.Policy]{folder: "policies", parse: func(name string) (*policy.Policy, error) {
		p, _, err := policy.ReadFile(name)
		return p, err
	}}
	caseFiles = sync.OnceValues(readCaseFiles)
)

// moment is when the tests' connections begin.
var moment = time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)

func ms(n float64) time.Time { return moment.Add(time.Duration(n * float64(time.Millisecond))) }

// readCases reads all files, each case with its file's topology and policies.
func readCases(t testing.TB) []testCase {
	t.Helper()
	all, err := caseFiles()
	if err != nil || len(all) == 0 {
		t.Fatalf("read %d cases: %v", len(all), err)
	}
	return all
}

func readCaseFiles() ([]testCase, error) {
	names, err := filepath.Glob("testdata/cases/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []testCase
	for _, name := range names {
		var f caseFile
		if _, err := document.ReadFile(name, &f); err != nil {
			return nil, err
		}
		for _, c := range f.Cases {
			if c.Topology == "" {
				c.Topology = f.Topology
			}
			if c.Policies == nil {
				c.Policies = f.Policies
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// build makes the case that [Diagnose] is asked.
func (c *testCase) build(t testing.TB) Case {
	t.Helper()
	asked := parseTuple(t, c.Ask)
	out := Case{Asked: Question{Source: asked.Source, Destination: asked.Dest}, Policies: map[string]*policy.Policy{}}
	if c.Topology != "" && !c.Unknown {
		out.Topology = c.readTopology(t)
	}
	for firewall, file := range c.Policies {
		p, err := policies.read(file)
		if err != nil {
			t.Fatalf("read policy:\n%v", err)
		}
		out.Policies[firewall] = p
	}
	for i := range c.Rows {
		out.Connections = append(out.Connections, c.Rows[i].build(t, asked))
	}
	for _, name := range c.firewalls(out.Topology) {
		w := Watch{Firewall: name}
		if n := c.Losses[name]; n > 0 {
			w.Losses = []Loss{{Span: Span{ms(-100), ms(10_000)}, Count: n}}
		}
		if slices.Contains(c.Gaps, name) {
			w.Gaps = []Span{{From: ms(-1000)}}
		}
		if slices.Contains(c.Tampered, name) {
			w.Tampered = []Span{{ms(-1000), ms(-900)}, {ms(-500), ms(2000)}, {ms(3600_000), ms(3601_000)}}
		}
		out.Watches = append(out.Watches, w)
	}
	return out
}

func (c *testCase) firewalls(top *topology.Topology) []string {
	if c.Asked != nil || top == nil {
		return c.Asked
	}
	var names []string
	for _, f := range top.AzureFirewalls {
		names = append(names, f.Name)
	}
	return names
}

func (c *testCase) readTopology(t testing.TB) *topology.Topology {
	t.Helper()
	top, err := topologies.read(c.Topology)
	if err != nil {
		t.Fatalf("read topology:\n%v", err)
	}
	for _, e := range c.Changes {
		if e.Delete != "" {
			top, err = top.DeleteRoute(e.Table, e.Delete)
		} else {
			words := append(strings.Fields(e.Set), "")
			top, err = top.SetRoute(e.Table, topology.Route{Name: words[0], AddressPrefix: words[1],
				NextHopType: topology.NextHopType(words[2]), NextHopIPAddress: words[3]})
		}
		if err != nil {
			t.Fatalf("edit topology:\n%v", err)
		}
	}
	return top
}

func parseTuple(t testing.TB, text string) flow.Tuple {
	t.Helper()
	from, to, ok := strings.Cut(text, " > ")
	if !ok {
		t.Fatalf("%q is not \"client > server\"", text)
	}
	return flow.Tuple{Protocol: flow.TCP, Source: parseEnd(t, from), Dest: parseEnd(t, to)}
}

func parseEnd(t testing.TB, text string) netip.AddrPort {
	t.Helper()
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a, 0)
	}
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// fixText is a fix on one line, as the cases write it.
func fixText(f Fix) string {
	switch {
	case f.Rule != nil && f.Rule.New != nil:
		return fmt.Sprintf("rule %s: new %s/%s/%s %v", f.Rule.Firewall, f.Rule.Group, f.Rule.Collection, f.Rule.Rule, f.Rule.Priority)
	case f.Rule != nil:
		return fmt.Sprintf("rule %s: %s/%s/%s %s + %s", f.Rule.Firewall, f.Rule.Group, f.Rule.Collection, f.Rule.Rule, f.Rule.Field, f.Rule.Add)
	case f.Host != nil:
		return strings.TrimSpace(fmt.Sprintf("host %s: %s", f.Host.Node, f.Host.Code))
	}
	var parts []string
	for _, c := range f.Topology {
		switch {
		case c.Delete:
			parts = append(parts, fmt.Sprintf("route %s: delete %s", c.Table, c.Route.Name))
		case c.Route != nil:
			parts = append(parts, fmt.Sprintf("route %s: %s %s %s %s", c.Table, c.Route.Name, c.Route.AddressPrefix, c.Route.NextHopType, c.Route.NextHopIPAddress))
		case c.Peering != nil:
			parts = append(parts, fmt.Sprintf("peering %s/%s", c.Network, c.Peering.Name))
		case c.SecurityRule != nil:
			parts = append(parts, fmt.Sprintf("security %s: %s %d", c.Group, c.SecurityRule.Name, c.SecurityRule.Priority))
		default:
			parts = append(parts, "nic "+c.Machine)
		}
	}
	return strings.Join(parts, "; ")
}
