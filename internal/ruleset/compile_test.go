package ruleset

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/policy"
)

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	narrow, err := NewMarks(0x00000fff)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		policy  *policy.Policy
		options Options
		want    string
	}{
		{"too many rules for the mark", simple(policy.Allow, 16, "10.0.0.1", "10.0.0.2"), Options{Marks: narrow},
			"compile policy simple: 16 rules: mark mask 0x00000fff has room for 15, use a wider one"},
		{"generation", policy.DenyAll(), Options{Generation: 8},
			"compile policy deny-all: generation 8: the highest is 7"},
		{"too many prefixes", with(tooRagged), Options{},
			"compile policy simple: rule rcg/rc/used: the ranges of the policy make more than 500000 prefixes here: write prefixes where you can"},
		{"ports of ICMP", with(func(r *policy.NetworkRule) {
			r.Protocols[0] = policy.ProtocolRange{First: 1, Last: 1}
			r.Ports = []policy.PortRange{{First: 22, Last: 22}}
		}), Options{},
			"compile policy simple: rule rcg/rc/used: ports for protocols that have none"},
		{"too many entries", with(tooMuch), Options{},
			"compile policy simple: rule rcg/rc/used: the policy has more than 100000 combinations of source, destination and port here"},
		{"no action", simple(0, 1, "10.0.0.1", "10.0.0.2"), Options{},
			"compile policy simple: rule rcg/rc/used: no action"},
	}
	for _, tt := range tests {
		_, err := Compile(tt.policy, tt.options)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: Compile() error = %v, want %s", tt.name, err, tt.want)
		}
	}
}

// with is a policy of one rule, changed.
func with(change func(*policy.NetworkRule)) *policy.Policy {
	p := simple(policy.Allow, 1, "10.0.0.1", "10.0.0.2")
	change(&p.Groups[0].Collections[0].Rules[0])
	return p
}

func tooMuch(r *policy.NetworkRule) {
	for i := range uint32(1000) {
		a := address(10<<24 + 2*i)
		r.Sources = append(r.Sources, policy.AddressRange{First: a, Last: a})
	}
	r.Destinations = r.Sources
}

// tooRagged is few combinations, each of many prefixes.
func tooRagged(r *policy.NetworkRule) {
	r.Sources = nil
	for i := range 4000 {
		prefix := fmt.Sprintf("fd00:66:%x:", i)
		first, last := netip.MustParseAddr(prefix+":1"), netip.MustParseAddr(prefix+"ffff:ffff:ffff:ffff:fffe")
		r.Sources = append(r.Sources, policy.AddressRange{First: first, Last: last})
	}
	r.Destinations = one("fd00:67::1")
}

func TestCompileFillsTheRuleset(t *testing.T) {
	t.Parallel()
	p, _, err := policy.ReadFile("testdata/overlap.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r := mustCompile(t, p, Options{Generation: 4})
	if len(r.Rules) != 7 || r.Rules[4].Number != 5 || r.Layers != 2 || r.Options.Generation != 4 || r.Policy != p {
		t.Errorf("Compile() = %d rules, the fifth with number %d, %d layers, %+v", len(r.Rules), r.Rules[4].Number, r.Layers, r.Options)
	}
	if again := mustCompile(t, p, Options{Generation: 4}); again.Text != r.Text {
		t.Error("two runs gave two texts")
	}
}

// A policy made by hand may have any name; nft must get none of it as a
// command.
func TestNamesCannotLeaveTheirComment(t *testing.T) {
	t.Parallel()
	p := simple(policy.Allow, 1, "10.0.0.1", "10.0.0.2")
	p.Name = "p\nflush ruleset\n#"
	p.Groups[0].Name = "g\nflush ruleset"
	p.Groups[0].Collections[0].Rules[0].Name = "\"; flush ruleset; \\\""
	for line := range strings.Lines(mustCompile(t, p, Options{}).Text) {
		if strings.HasPrefix(line, "flush") || strings.Count(line, `"`)%2 != 0 {
			t.Errorf("line %q", line)
		}
	}
}

func TestAddressText(t *testing.T) {
	t.Parallel()
	for want, s := range map[string][2]string{
		"0.0.0.0/0":               {"0.0.0.0", "255.255.255.255"},
		"10.1.1.0/24":             {"10.1.1.0", "10.1.1.255"},
		"10.1.1.4":                {"10.1.1.4", "10.1.1.4"},
		"10.1.1.1-10.1.1.2":       {"10.1.1.1", "10.1.1.2"},
		"255.255.255.254/31":      {"255.255.255.254", "255.255.255.255"},
		"0.0.0.1-255.255.255.255": {"0.0.0.1", "255.255.255.255"},
		"::/0":                    {"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		"fd00:66::/63":            {"fd00:66::", "fd00:66:0:1:ffff:ffff:ffff:ffff"},
		"fd00:66::ffff:ffff:ffff:ffff-fd00:66:0:1::": {"fd00:66::ffff:ffff:ffff:ffff", "fd00:66:0:1::"},
	} {
		first, last := netip.MustParseAddr(s[0]), netip.MustParseAddr(s[1])
		k := kind{ipv6: first.Is6()}
		if got := k.addressText(span{addressNumber(first), addressNumber(last)}); got != want {
			t.Errorf("addressText(%s) = %s, want %s", s, got, want)
		}
	}
}
