package policy

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		{6, "[fd00::1]:40000", "[fd00::2]:22", "Deny"},
	}
	for _, tt := range tests {
		if got := decided(p, tt.protocol, tt.source, tt.dest); got != tt.want {
			t.Errorf("Decide(%d, %s, %s) = %s, want %s", tt.protocol, tt.source, tt.dest, got, tt.want)
		}
	}
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
