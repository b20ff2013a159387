package main

import (
	"net/netip"
	"testing"

	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/lab"
	"github.com/sekisho/sekisho/internal/scenario"
)

const mixtureFolder = "testdata/mixture"

// mixture is testdata/mixture/mixture.yaml: connections to be made at once, and
// what is true of each.
type mixture struct {
	Topology  string                       `yaml:"topology"`
	Conntrack firewall.ConntrackConfig     `yaml:"conntrack"`
	Filters   map[string]string            `yaml:"filters"` // by node, as nft text
	Sysctls   map[string]map[string]string `yaml:"sysctls"`
	Change    struct {
		Firewall string `yaml:"firewall"`
		Policy   string `yaml:"policy"`
	} `yaml:"change"`
	Classes []mixtureClass `yaml:"classes"`
}

// mixtureClass is connections alike.
type mixtureClass struct {
	Name  string   `yaml:"name"`
	Count int      `yaml:"count"`
	From  []string `yaml:"from"` // nodes, in turn
	To    string   `yaml:"to"`   // a node or an address
	Port  uint16   `yaml:"port"`
	Do    string   `yaml:"do"` // one of acts
	// Expect is what the client must see, where it only tries.
	Expect  lab.Outcome                       `yaml:"expect,omitempty"`
	Verdict scenario.WantedVerdict            `yaml:"verdict"`
	At      map[string]scenario.WantedVerdict `yaml:"at,omitempty"`
}

// member is one of the connections.
type member struct {
	*mixtureClass
	number         int
	from           string
	client, server netip.AddrPort
}

func readMixture(t *testing.T) *mixture {
	t.Helper()
	var m mixture
	if _, err := document.ReadFile(mixtureFolder+"/mixture.yaml", &m); err != nil {
		t.Fatal(err)
	}
	return &m
}

// firstPort is that of the first connection's client; each has one of its own.
const firstPort = 20_000

// members are the single connections, 1,000 of them.
func (m *mixture) members(t *testing.T, l *lab.Lab) (list []*member) {
	t.Helper()
	address := func(name string) netip.Addr {
		if a, err := netip.ParseAddr(name); err == nil {
			return a
		}
		n, err := l.Node(name)
		if err != nil {
			t.Fatal(err)
		}
		return n.Address
	}
	for i := range m.Classes {
		c := &m.Classes[i]
		if _, ok := acts[c.Do]; !ok {
			t.Fatalf("%s: nobody knows how to %q", c.Name, c.Do)
		}
		for n := range c.Count {
			from := c.From[n%len(c.From)]
			list = append(list, &member{mixtureClass: c, number: len(list), from: from,
				client: netip.AddrPortFrom(address(from), firstPort+uint16(len(list))),
				server: netip.AddrPortFrom(address(c.To), c.Port)})
		}
	}
	if len(list) != 1000 {
		t.Fatalf("the mixture has %d connections, want 1000", len(list))
	}
	return list
}

// few are some connections of each class.
func (m *mixing) few() (list []*member) {
	count := map[string]int{}
	for _, c := range m.members {
		if count[c.Name]++; count[c.Name] <= 5 {
			list = append(list, c)
		}
	}
	return list
}

// TestMixtureIsWhole reads the data without a lab.
func TestMixtureIsWhole(t *testing.T) {
	t.Parallel()
	names, total := map[string]bool{}, 0
	for _, c := range readMixture(t).Classes {
		if names[c.Name] || c.Verdict.Outcome == "" || acts[c.Do].do == nil {
			t.Errorf("class %q is there twice, or has no verdict, or nobody knows how to %q", c.Name, c.Do)
		}
		names[c.Name] = true
		total += c.Count
	}
	if total != 1000 {
		t.Errorf("%d connections", total)
	}
}
