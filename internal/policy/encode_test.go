package policy

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestEncodeRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := policies().Draw(t, "policy")
		text, err := p.Encode()
		if err != nil {
			t.Fatalf("Encode(): %v", err)
		}
		again, _, err := Parse("again", text)
		if err != nil {
			t.Fatalf("Parse(Encode()): %v\n%s", err, text)
		}
		if diff := cmp.Diff(p, again, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("Parse(Encode()) (-want +got):\n%s\n%s", diff, text)
		}
		if p.Revision() != again.Revision() {
			t.Errorf("revision %s became %s", p.Revision(), again.Revision())
		}
	})
}

func TestEncodeRefusesWhatNoFileCanHold(t *testing.T) {
	t.Parallel()
	p := &Policy{Name: "by-hand", Groups: []RuleCollectionGroup{{Name: "g", Priority: 1}}}
	if _, err := p.Encode(); err == nil || !strings.Contains(err.Error(), "encode policy by-hand: ") {
		t.Errorf("Encode() error = %v", err)
	}
}

// The same policy, written in four ways, has one revision; a change of meaning
// has another.
func TestRevision(t *testing.T) {
	t.Parallel()
	text := `name: p
ruleCollectionGroups:
  - name: g
    priority: 200
    ruleCollections:
      - name: c
        priority: 100
        action: {type: Allow}
        rules:
          - {name: r, ipProtocols: [Any], sourceAddresses: [10.0.0.0/8], destinationAddresses: ["*"], destinationPorts: ["22", "80"]}
`
	want := mustParse(t, text).Revision()
	// The documented form, worked out with sha256sum.
	if want != "a922ed2f97a3" {
		t.Errorf("Revision() = %s", want)
	}
	for name, same := range map[string]string{
		"JSON":      asJSON(t, text),
		"Azure's":   azureForm(t, text),
		"described": strings.Replace(text, "{name: r,", "{name: r, description: why, ruleType: networkRULE,", 1),
		"other forms": strings.NewReplacer("[Any]", "[UDP, tcp]", "10.0.0.0/8", "10.0.0.0/9, 10.0.0.0-10.255.255.255",
			"[\"22\", \"80\"]", "[80, 22, 22-22]").Replace(text),
		"the IPv4 of it":   strings.Replace(text, `"*"`, "0.0.0.0/0", 1),
		"IPv6 on one side": strings.Replace(text, `"*"`, `"*", "fd00::/8"`, 1),
	} {
		if got := mustParse(t, same).Revision(); got != want {
			t.Errorf("%s: revision %s, want %s\n%s", name, got, want, same)
		}
	}
	for _, other := range []string{
		strings.Replace(text, "Allow", "Deny", 1),
		strings.Replace(text, "name: r", "name: s", 1),
		strings.Replace(text, "10.0.0.0/8", "10.0.0.0/9", 1),
		strings.Replace(text, "10.0.0.0/8", `10.0.0.0/8, "fd00::/8"`, 1),
		strings.Replace(text, "10.0.0.0/8", `"*"`, 1),
		strings.Replace(text, "name: p", "name: q", 1),
	} {
		if got := mustParse(t, other).Revision(); got == want {
			t.Errorf("same revision for\n%s", other)
		}
	}
}

// All of IPv4 keeps the name "*" that it has always had in revisions, so all
// addresses must have another.
func TestRevisionTellsAllAddressesFromAllOfIPv4(t *testing.T) {
	t.Parallel()
	text := func(addresses string) string {
		return fmt.Sprintf(`{name: p, ruleCollectionGroups: [{name: g, priority: 200, ruleCollections: [
			{name: c, priority: 100, action: {type: Allow}, rules: [{name: r, ipProtocols: [Any],
			sourceAddresses: [%[1]s], destinationAddresses: [%[1]s], destinationPorts: ["*"]}]}]}]}`, addresses)
	}
	ipv4 := mustParse(t, text("0.0.0.0/0")).Revision()
	if ipv4 != "b61359fe8d2f" { // that of before IPv6, of "*" and 0.0.0.0/0 alike
		t.Errorf("all of IPv4 has revision %s", ipv4)
	}
	all, both := mustParse(t, text(`"*"`)).Revision(), mustParse(t, text(`"::/0", 0.0.0.0/0`)).Revision()
	if all != both || all == ipv4 {
		t.Errorf("all addresses have revision %s, and family by family %s", all, both)
	}
}

func mustParse(t *testing.T, text string) *Policy {
	t.Helper()
	p, _, err := Parse("policy.yaml", []byte(text))
	if err != nil {
		t.Fatalf("Parse(): %v\n%s", err, text)
	}
	return p
}

func asJSON(t *testing.T, text string) string {
	t.Helper()
	var tree any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	out, err := json.MarshalIndent(tree, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// azureForm moves what a group holds under "properties".
func azureForm(t *testing.T, text string) string {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	for _, g := range tree["ruleCollectionGroups"].([]any) {
		group := g.(map[string]any)
		group["properties"] = map[string]any{"priority": group["priority"], "ruleCollections": group["ruleCollections"]}
		delete(group, "priority")
		delete(group, "ruleCollections")
	}
	out, err := yaml.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
