package policy

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func readFile(t *testing.T, name string) *Policy {
	t.Helper()
	p, warnings, err := ReadFile(name)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("ReadFile(%s) = %v, %v", name, warnings, err)
	}
	return p
}

func TestRulesStandInTheOrderOfEvaluation(t *testing.T) {
	t.Parallel()
	var got []string
	for i, r := range readFile(t, "testdata/policies/order.yaml").Rules() {
		if r.Number != uint32(i+1) || r.Policy != "order" {
			t.Errorf("rule %s is number %d of policy %q", r.Name, r.Number, r.Policy)
		}
		got = append(got, r.Group+"/"+r.Collection+"/"+r.Name)
	}
	want := []string{
		"BaseRCG1/NetworkRC1/first-b",
		"BaseRCG1/NetworkRC1/first-a",
		"BaseRCG1/NetworkRC1-later/first-c",
		"BaseRCG2/NetworkRC2/second",
		"ChildRCG1/ChNetRC1/third",
		"ChildRCG2/ChNetRC2/last",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Rules() (-want +got):\n%s", diff)
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	p := readFile(t, "testdata/policies/order.yaml")
	tests := []struct {
		protocol     uint8
		source, dest string
		want         string
	}{
		{6, "10.1.1.4:40000", "10.1.2.4:22", "Allow first-b"},
		{6, "10.1.1.255:40000", "10.1.2.4:80", "Allow first-a"},
		{6, "10.1.2.0:40000", "10.1.2.4:22", "Deny first-c"},
		{6, "10.1.1.4:40000", "10.1.2.4:23", "Deny first-c"},
		{6, "10.1.1.4:22", "10.1.2.4:24", "Allow last"},
		{17, "10.1.1.4:40000", "10.1.2.4:53", "Deny second"},
		{17, "10.1.1.4:40000", "10.1.2.4:22", "Allow last"},
		{1, "10.1.1.4:0", "10.1.2.4:0", "Deny third"},
		{47, "10.1.1.4:0", "10.1.2.4:0", "Allow last"},
		{6, "[::ffff:10.1.1.4]:40000", "[::ffff:10.1.2.4]:22", "Allow first-b"},
		{6, "[fd00::1]:40000", "[fd00::2]:22", "Deny first-c"},
		{6, "[fd00::1]:40000", "10.1.2.4:22", "Deny"},
		{17, "[fd00::1]:40000", "[fd00::2]:53", "Deny second"},
		{58, "[fd00::1]:0", "[fd00::2]:0", "Deny third"},
		{58, "10.1.1.4:0", "10.1.2.4:0", "Allow last"},
		{1, "[fd00::1]:0", "[fd00::2]:0", "Allow last"},
	}
	for _, tt := range tests {
		if got := decided(p, tt.protocol, tt.source, tt.dest); got != tt.want {
			t.Errorf("Decide(%d, %s, %s) = %s, want %s", tt.protocol, tt.source, tt.dest, got, tt.want)
		}
	}
}

// One rule may name both families, and matches within each of them.
func TestDecideKeepsFamiliesApart(t *testing.T) {
	t.Parallel()
	p := readFile(t, "testdata/policies/families.yaml")
	tests := []struct {
		protocol     uint8
		source, dest string
		want         string
	}{
		{6, "10.1.1.4:40000", "10.1.2.4:22", "Allow both"},
		{6, "[fd00:1::4]:40000", "[fd00:2::9]:22", "Allow both"},
		{6, "[fd00:1::4]:40000", "[fd00:2::10]:22", "Deny"},
		{6, "10.1.1.4:40000", "[fd00:2::9]:22", "Deny"},
		{6, "[fd00:1::4]:40000", "10.1.2.4:22", "Deny"},
		{6, "[fd00:9::4]:40000", "10.1.3.4:443", "Deny"},
		{6, "10.9.9.9:40000", "10.1.3.4:443", "Allow from-anywhere"},
		{6, "[fd00:9::4]:40000", "[fd00:3::4]:443", "Deny"},
		{6, "10.1.1.4:40000", "10.1.2.4:80", "Allow all-of-IPv4"},
		{6, "[fd00:1::4]:40000", "[fd00:2::4]:80", "Deny"},
		{58, "[fd00:1::4]:0", "[fd00:9::4]:0", "Allow ping"},
		{1, "10.9.1.4:0", "10.9.9.4:0", "Allow ping"},
	}
	for _, tt := range tests {
		if got := decided(p, tt.protocol, tt.source, tt.dest); got != tt.want {
			t.Errorf("Decide(%d, %s, %s) = %s, want %s", tt.protocol, tt.source, tt.dest, got, tt.want)
		}
	}
}

// What Rules makes of a rule's lists matches as the lists do.
func TestRulesMatchWhatTheirListsSay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rules().Draw(t, "rule")
		p := Policy{Name: "p", Groups: []RuleCollectionGroup{{Collections: []RuleCollection{{Rules: []NetworkRule{r}}}}}}
		near := rapid.Custom(func(t *rapid.T) netip.Addr {
			a := rapid.SampledFrom(append(r.Sources, r.Destinations...)).Draw(t, "range")
			return rapid.SampledFrom([]netip.Addr{a.First, a.Last, ipv4().Draw(t, "ipv4"), ipv6().Draw(t, "ipv6")}).Draw(t, "address")
		})
		from, to := near.Draw(t, "from"), near.Draw(t, "to")
		protocol, port := r.Protocols[0].First, r.Ports[0].Last
		if r.Protocols[0] == icmp && from.Is6() {
			protocol = 58
		}
		want := from.Is4() == to.Is4() && contains(r.Sources, from) && contains(r.Destinations, to)
		if got := p.Rules()[0].Matches(protocol, netip.AddrPortFrom(from, 1), netip.AddrPortFrom(to, port)); got != want {
			t.Errorf("Matches(%d, %s, %s) = %v", protocol, from, to, got)
		}
	})
}

// decided is the action, and the name of the rule where one matched.
func decided(p *Policy, protocol uint8, source, dest string) string {
	d := p.Decide(protocol, netip.MustParseAddrPort(source), netip.MustParseAddrPort(dest))
	if d.Rule == nil {
		return d.Action.String()
	}
	return d.Action.String() + " " + d.Rule.Name
}

func TestDenyAllDeniesByDefault(t *testing.T) {
	t.Parallel()
	if got := decided(DenyAll(), 6, "10.1.1.4:1", "10.1.2.4:22"); got != "Deny" {
		t.Errorf("Decide() = %s, want Deny", got)
	}
	if diff := cmp.Diff(DenyAll(), readFile(t, "../../policies/deny-all.yaml")); diff != "" {
		t.Errorf("policies/deny-all.yaml (-DenyAll +file):\n%s", diff)
	}
}

// These are revisions of before IPv6: logs that hold them must stay readable.
func TestRevisionsOfIPv4PoliciesStay(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"deny-all": "e79c344ca669", "east-west-and-hub": "c18aff86d98c", "east-west": "6e75845518e0", "spokes-any-port": "f39cf50a6853",
	} {
		if got := readFile(t, "../../policies/"+file+".yaml").Revision(); got != want {
			t.Errorf("policies/%s.yaml has revision %s, want %s", file, got, want)
		}
	}
}

// The policies that the lab's topologies name.
func TestShippedPolicies(t *testing.T) {
	t.Parallel()
	both := readFile(t, "../../policies/east-west-and-hub.yaml")
	spokes := readFile(t, "../../policies/east-west.yaml")
	tests := []struct {
		policy       *Policy
		source, dest string
		want         string
	}{
		{spokes, "10.1.1.4:40000", "10.2.1.4:22", "Allow east-west"},
		{spokes, "10.2.1.4:40000", "10.1.2.4:8007", "Allow east-west"},
		{spokes, "10.1.1.4:40000", "10.1.2.4:23", "Deny"},
		{spokes, "10.1.1.4:40000", "10.1.0.68:22", "Deny"},
		{both, "10.1.1.4:40000", "10.1.2.4:7", "Allow east-west"},
		{both, "10.1.1.4:40000", "10.1.0.68:22", "Allow spoke-to-hub-vms"},
		{both, "10.1.0.68:40000", "10.1.2.4:80", "Allow hub-vms-to-spoke"},
		{both, "10.1.1.4:40000", "10.1.0.68:8007", "Deny"},
		{both, "10.2.1.4:40000", "10.1.0.68:22", "Deny"},
		{both, "10.1.1.4:40000", "10.1.0.4:22", "Deny"},
	}
	for _, tt := range tests {
		if got := decided(tt.policy, 6, tt.source, tt.dest); got != tt.want {
			t.Errorf("%s: Decide(%s, %s) = %s, want %s", tt.policy.Name, tt.source, tt.dest, got, tt.want)
		}
	}
}
