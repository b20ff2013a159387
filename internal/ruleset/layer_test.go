package ruleset

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/policy"
)

// kernelMap models a concatenated interval map of the kernel, as Linux 6.18 was
// seen to behave: what it refuses, and which entry it finds.
type kernelMap []entry

func (m *kernelMap) insert(e entry) error {
	for _, earlier := range *m {
		if earlier.refuses(&e.key) {
			return fmt.Errorf("entry of rule %d refused because of rule %d", e.rule, earlier.rule)
		}
	}
	*m = append(*m, e)
	return nil
}

func (m kernelMap) find(values [3]number) (rule uint32, found bool) {
	for _, e := range m {
		if e.key[0].contains(values[0]) && e.key[1].contains(values[1]) && e.key[2].contains(values[2]) {
			return e.rule, true
		}
	}
	return 0, false
}

// modelDecide looks a packet up as the compiled chains do.
func modelDecide(model map[string][]kernelMap, p packet) uint32 {
	kind, third := kind{ipv6: p.source.Addr().Is6(), name: "other"}, number{low: uint64(p.protocol)}
	switch p.protocol {
	case protocolTCP:
		kind.name, third.low = "tcp", uint64(p.dest.Port())
	case protocolUDP:
		kind.name, third.low = "udp", uint64(p.dest.Port())
	}
	for _, m := range model[kind.id()] {
		if rule, found := m.find([3]number{addressNumber(p.source.Addr()), addressNumber(p.dest.Addr()), third}); found {
			return rule
		}
	}
	return 0
}

func policyDecide(p *policy.Policy, packet packet) uint32 {
	if d := p.Decide(packet.protocol, packet.source, packet.dest); d.Rule != nil {
		return d.Rule.Number
	}
	return 0
}

func TestLayeredMapsDecideAsThePolicyDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := overlapping(12).Draw(t, "policy")
		r, err := Compile(p, Options{})
		if err != nil {
			t.Fatal(err)
		}
		kinds, err := r.compile()
		if err != nil {
			t.Fatal(err)
		}
		model := loadModel(t, kinds)
		drawn := rapid.SliceOfN(packets(), 1, 30).Draw(t, "packets")
		for _, packet := range append(drawn, corners(r.Rules)...) {
			if got, want := modelDecide(model, packet), policyDecide(p, packet); got != want {
				t.Errorf("%+v: maps lead to rule %d, the policy to %d\n%s", packet, got, want, r.Text)
			}
		}
	})
}

func loadModel(t *rapid.T, kinds []kind) map[string][]kernelMap {
	model := map[string][]kernelMap{}
	for _, k := range kinds {
		for n, layer := range k.layers {
			var m kernelMap
			for _, e := range layer {
				if err := m.insert(e); err != nil {
					t.Fatalf("map %s: %v", k.mapName(n), err)
				}
			}
			model[k.id()] = append(model[k.id()], m)
		}
	}
	return model
}

// As many maps as the depth of overlap, not as the number of rules.
func TestLayers(t *testing.T) {
	t.Parallel()
	span := func(first, last uint16) span { return smallSpan(first, last) }
	one := func(first, last uint16) key { return key{span(first, last), span(0, 9), span(0, 9)} }
	for _, tt := range []struct {
		name string
		keys []key
		want string
	}{
		{"apart", []key{one(0, 1), one(2, 3), one(4, 5)}, "[1 2 3]"},
		{"specific before general", []key{one(5, 5), one(4, 6), one(0, 9)}, "[1 2 3]"},
		{"general before specific", []key{one(0, 9), one(4, 6), one(5, 5)}, "[1]"},
		{"twice the same", []key{one(0, 9), one(0, 9)}, "[1]"},
		{"a chain of overlaps", []key{one(0, 2), one(2, 4), one(4, 6)}, "[1] [2] [3]"},
		{"side by side over the first", []key{one(0, 4), one(4, 6), one(0, 9)}, "[1] [2 3]"},
		{"crosswise", []key{{span(0, 9), span(4, 5), span(0, 9)}, {span(4, 5), span(0, 9), span(0, 9)}}, "[1 2]"},
		{"back to the first map", []key{one(0, 4), one(3, 6), one(7, 8)}, "[1 3] [2]"},
	} {
		var entries []entry
		for i, k := range tt.keys {
			entries = append(entries, entry{k, uint32(i + 1)})
		}
		if got := layerText(layOut(entries)); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func layerText(layers [][]entry) string {
	text := ""
	for _, layer := range layers {
		var rules []uint32
		for _, e := range layer {
			rules = append(rules, e.rule)
		}
		text += fmt.Sprint(rules) + " "
	}
	return text[:max(0, len(text)-1)]
}
