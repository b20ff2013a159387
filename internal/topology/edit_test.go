package topology

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

var editable = []Route{
	{"default", "0.0.0.0/0", ToInternet, ""},
	{"drop", "10.9.0.0/16", None, ""},
}

func TestSetRoute(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		table   string
		route   Route
		want    []Route
		wantErr string
	}{
		{
			name: "new", table: "rt", route: Route{"local", "10.8.0.0/16", "vnet local", ""},
			want: []Route{editable[0], editable[1], {"local", "10.8.0.0/16", VnetLocal, ""}},
		},
		{
			name: "same name, by resource id", table: "/subscriptions/1/routeTables/rt", route: Route{"drop", "10.8.0.0/16", None, ""},
			want: []Route{editable[0], {"drop", "10.8.0.0/16", None, ""}},
		},
		{
			name: "same prefix takes the new name", table: "rt", route: Route{"d", "0.0.0.0/0", VirtualAppliance, "10.1.0.4"},
			want: []Route{{"d", "0.0.0.0/0", VirtualAppliance, "10.1.0.4"}, editable[1]},
		},
		{
			name: "same prefix keeps the name where none is given", table: "rt", route: Route{"", "0.0.0.0/0", None, ""},
			want: []Route{{"default", "0.0.0.0/0", None, ""}, editable[1]},
		},
		{
			name: "no such table", table: "rt-spoke",
			wantErr: "route table: there is none of this name (got \"rt-spoke\")\n  hint: known here: rt",
		},
		{
			name: "no name", table: "rt", route: Route{"", "10.8.0.0/16", None, ""},
			wantErr: "routeTables[0].routes[2].name: a name is missing\n" +
				"  hint: use letters, digits, '-', '_' and '.', and begin with a letter or a digit",
		},
		{
			name: "prefix of another route", table: "rt", route: Route{"drop", "0.0.0.0/0", None, ""},
			wantErr: "routeTables[0].routes[1].addressPrefix: already used by another route of the table (got \"0.0.0.0/0\")\n" +
				"  hint: the other one is routeTables[0].routes[0].addressPrefix",
		},
		{
			name: "two mistakes", table: "rt", route: Route{"x", "10.8.0.1/16", "Internt", ""},
			wantErr: "routeTables[0].routes[2].addressPrefix: the address has bits set beyond the prefix (got \"10.8.0.1/16\")\n" +
				"  hint: write 10.8.0.0/16\n" +
				"routeTables[0].routes[2].nextHopType: unknown next hop type (got \"Internt\")\n" +
				"  hint: did you mean \"Internet\"?",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := threeNetworks(editable, nil)
			after, err := before.SetRoute(tt.table, tt.route)
			checkEdit(t, before, after, err, tt.want, tt.wantErr)
		})
	}
}

func TestDeleteRoute(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, table, route string
		want               []Route
		wantErr            string
	}{
		{name: "by name", table: "rt", route: "drop", want: editable[:1]},
		{name: "by prefix", table: "rt", route: "0.0.0.0/0", want: editable[1:]},
		{name: "no such table", table: "r", route: "drop",
			wantErr: "route table: there is none of this name (got \"r\")\n  hint: did you mean \"rt\"?"},
		{name: "no such route", table: "rt", route: "deflaut",
			wantErr: "route of rt: there is none of this name or prefix (got \"deflaut\")\n  hint: did you mean \"default\"?"},
		{name: "no such prefix", table: "rt", route: "everything else",
			wantErr: "route of rt: there is none of this name or prefix (got \"everything else\")\n" +
				"  hint: known here: default, drop, 0.0.0.0/0, 10.9.0.0/16"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := threeNetworks(editable, nil)
			after, err := before.DeleteRoute(tt.table, tt.route)
			checkEdit(t, before, after, err, tt.want, tt.wantErr)
		})
	}
}

func TestDeleteLastRouteLeavesNone(t *testing.T) {
	t.Parallel()
	after, err := threeNetworks(editable[:1], nil).DeleteRoute("rt", "default")
	if err != nil {
		t.Fatalf("DeleteRoute() error:\n%+v", err)
	}
	if after.RouteTables[0].Routes != nil {
		t.Errorf("routes = %v, want nil", after.RouteTables[0].Routes)
	}
}

// checkEdit also checks that the original is as it was.
func checkEdit(t *testing.T, before, after *Topology, err error, want []Route, wantErr string) {
	t.Helper()
	if diff := cmp.Diff(editable, before.RouteTables[0].Routes); diff != "" {
		t.Errorf("the original has changed (-want, +got):\n%s", diff)
	}
	got := ""
	if err != nil {
		got = err.Error()
	}
	if diff := cmp.Diff(wantErr, got); diff != "" {
		t.Fatalf("error (-want, +got):\n%s", diff)
	}
	if err == nil {
		if diff := cmp.Diff(want, after.RouteTables[0].Routes); diff != "" {
			t.Errorf("routes (-want, +got):\n%s", diff)
		}
	}
}
