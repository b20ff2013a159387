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

func (m kernelMap) find(values [3]uint32) (rule uint32, found bool) {
	for _, e := range m {
		if e.key[0].contains(values[0]) && e.key[1].contains(values[1]) && e.key[2].contains(values[2]) {
			return e.rule, true
		}
	}
	return 0, false
}

// modelDecide looks a packet up as the compiled chains do.
func modelDecide(families [][]kernelMap, p packet) uint32 {
	family, third := 2, uint32(p.protocol)
	switch p.protocol {
	case protocolTCP:
		family, third = 0, uint32(p.dest.Port())
	case protocolUDP:
		family, third = 1, uint32(p.dest.Port())
	}
	for _, m := range families[family] {
		if rule, found := m.find([3]uint32{ipNumber(p.source.Addr()), ipNumber(p.dest.Addr()), third}); found {
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
		families, err := r.compile()
		if err != nil {
			t.Fatal(err)
		}
		model := loadModel(t, families)
		drawn := rapid.SliceOfN(packets(), 1, 30).Draw(t, "packets")
		for _, packet := range append(drawn, corners(r.Rules)...) {
			if got, want := modelDecide(model, packet), policyDecide(p, packet); got != want {
				t.Errorf("%+v: maps lead to rule %d, the policy to %d\n%s", packet, got, want, r.Text)
			}
		}
	})
}

func loadModel(t *rapid.T, families []family) [][]kernelMap {
	model := make([][]kernelMap, len(families))
	for i, f := range families {
		for n, layer := range f.layers {
			var m kernelMap
			for _, e := range layer {
				if err := m.insert(e); err != nil {
					t.Fatalf("map %s: %v", f.mapName(n), err)
				}
			}
			model[i] = append(model[i], m)
		}
	}
	return model
}

// As many maps as the depth of overlap, not as the number of rules.
func TestLayers(t *testing.T) {
	t.Parallel()
	one := func(first, last uint32) key { return key{{first, last}, {0, 9}, {0, 9}} }
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
		{"crosswise", []key{{{0, 9}, {4, 5}, {0, 9}}, {{4, 5}, {0, 9}, {0, 9}}}, "[1 2]"},
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
