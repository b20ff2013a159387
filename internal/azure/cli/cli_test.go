package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

const network = `{"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub", "name": "hub"}`

func parse(t *testing.T, text string) *tree.Node {
	t.Helper()
	n, err := tree.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestForms(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"[" + network + "]": 1, network: 1, `{"value": [` + network + "," + network + "]}": 2, "[]": 0,
		`[{"id": "hub", "name": "hub"}]`: 0,
	} {
		n := parse(t, text)
		list, notes := Resources("f", n)
		if !Is(n) || len(list) != want {
			t.Errorf("%.40s: %d resources, notes %v", text, len(list), notes)
		}
		if want == 1 && (list[0].ID.Group != "rg" || list[0].ID.Name() != "hub") {
			t.Errorf("%.40s: id %+v", text, list[0].ID)
		}
	}
	for _, text := range []string{`"x"`, `[1]`, `{"name": "hub"}`, `[{"id": "x"}]`} {
		if Is(parse(t, text)) {
			t.Errorf("%s is taken for a listing", text)
		}
	}
}

func TestLearnedRoutes(t *testing.T) {
	t.Parallel()
	got, ok := LearnedRoutes(parse(t, `{"value": [
		{"network": "10.1.0.0/16", "nextHop": "", "origin": "Network"},
		{"network": "192.168.0.0/16", "nextHop": "10.1.255.30", "origin": "EBgp"},
		{"network": "192.168.0.0/16", "nextHop": "10.1.255.31", "origin": "EBgp"}]}`))
	if diff := cmp.Diff([]string{"192.168.0.0/16"}, got); !ok || diff != "" {
		t.Errorf("LearnedRoutes() = %v, %v", got, ok)
	}
	for _, text := range []string{"[]", network, `{"value": [{"network": "10.0.0.0/8"}]}`} {
		if got, ok := LearnedRoutes(parse(t, text)); ok {
			t.Errorf("%.30s gives routes %v", text, got)
		}
	}
}

func FuzzResources(f *testing.F) {
	f.Add([]byte("[" + network + "]"))
	f.Add([]byte(`{"value": [{"id": 1, "name": {}}]}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		n, err := tree.Parse(data)
		if err != nil {
			return
		}
		LearnedRoutes(n)
		if Is(n) {
			Resources("f", n)
		}
	})
}
