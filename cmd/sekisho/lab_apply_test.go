package main

import (
	"testing"

	"github.com/sekisho/sekisho/internal/topology"
)

func TestParseFixes(t *testing.T) {
	t.Parallel()
	const route = `{"kind": "Route", "table": "rt-a", "route": {"name": "x"}, "explain": "go there"}`
	const nic = `{"kind": "NIC", "virtualMachine": "nva", "explain": "forward"}`
	for _, c := range []struct {
		name, in string
		want     []topology.FixKind
	}{
		{"one", route, []topology.FixKind{topology.FixRoute}},
		{"a list", "[" + route + "," + nic + "]", []topology.FixKind{topology.FixRoute, topology.FixNIC}},
		{"findings of a check", `[{"code": "Asymmetric", "fix": [` + route + `]}, {"code": "NotForwarding", "fix": [` + nic + `]}]`,
			[]topology.FixKind{topology.FixRoute, topology.FixNIC}},
		{"a whole check", `{"findings": [{"code": "Asymmetric", "fix": [` + route + `]}]}`, []topology.FixKind{topology.FixRoute}},
		{"a diagnosis takes the first way that can be made", `{"outcome": "no-reply", "fix": [{"kind": "host", "host": {}},
			{"kind": "route", "topology": [` + route + "," + route + `]}, {"kind": "networkInterface", "topology": [` + nic + `]}]}`,
			[]topology.FixKind{topology.FixRoute, topology.FixRoute}},
		{"a healthy one", `{"outcome": "completed", "healthy": true}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fixes, err := parseFixes([]byte(c.in))
			if err != nil {
				t.Fatalf("parseFixes() error:\n%+v", err)
			}
			if len(fixes) != len(c.want) {
				t.Fatalf("parseFixes() = %+v, want %v", fixes, c.want)
			}
			for i, f := range fixes {
				if f.Kind != c.want[i] {
					t.Errorf("fix %d is a %s, want %s", i, f.Kind, c.want[i])
				}
			}
		})
	}
	if _, err := parseFixes([]byte("{")); err == nil {
		t.Error("parseFixes() of half an object = nil, want an error")
	}
}
