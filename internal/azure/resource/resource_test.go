package resource

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	const subnet = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub/subnets/vms"
	for text, want := range map[string]ID{
		subnet: {"s", "rg", "Microsoft.Network/virtualNetworks/subnets", []string{"hub", "vms"}},
		"/subscriptions/s/providers/Microsoft.Network/x/y/providers/Microsoft.Insights/diagnosticSettings/d": {
			"s", "", "Microsoft.Insights/diagnosticSettings", []string{"d"}},
		"/SUBSCRIPTIONS/s/RESOURCEGROUPS/rg/PROVIDERS/m.n/t/a": {"s", "rg", "m.n/t", []string{"a"}},
	} {
		got, ok := ParseID(text)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("ParseID(%q) (-want +got):\n%s", text, diff)
		}
	}
	if id, _ := ParseID(subnet); id.String() != subnet || id.Parent().Child("subnets", "vms").String() != subnet ||
		id.Name() != "vms" || id.Path() != "hub/vms" || id.Title() != "subnets hub/vms" {
		t.Errorf("the parts of %s are %+v", subnet, id)
	}
	for _, text := range []string{"", "hub", "/subscriptions/s", "/virtualNetworks/hub", subnet + "/x", "/providers/m/t/"} {
		if id, ok := ParseID(text); ok {
			t.Errorf("ParseID(%q) = %+v, want none", text, id)
		}
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	id := func(text string) ID { got, _ := ParseID(text); return got }
	full := id("/subscriptions/s/resourceGroups/rg/providers/m.n/t/a")
	for text, want := range map[string]bool{
		"/subscriptions/S/resourceGroups/RG/providers/M.N/T/A": true,
		"/subscriptions/./resourceGroups/./providers/m.n/t/a":  true,
		"/providers/m.n/t/a": true,
		"/subscriptions/s/resourceGroups/other/providers/m.n/t/a": false,
		"/subscriptions/s/resourceGroups/rg/providers/m.n/t/b":    false,
		"/subscriptions/s/resourceGroups/rg/providers/m.n/u/a":    false,
	} {
		if got := full.Matches(id(text)); got != want {
			t.Errorf("Matches(%s) = %v", text, got)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	if id, ok := New(Here, Here, "m.n/t/u", "a/b"); !ok || id.Name() != "b" {
		t.Errorf("New() = %+v, %v", id, ok)
	}
	for _, names := range []string{"a", "a/b/c", "a/", ""} {
		if id, ok := New("", "", "m.n/t/u", names); ok {
			t.Errorf("New(%q) = %+v, want none", names, id)
		}
	}
}

func TestNoteString(t *testing.T) {
	t.Parallel()
	n := Note{LeftOut, "hub.json", 7, "routeTables rt", "addressPrefix", "fd00::/8", "IPv6 is not supported yet", "write IPv4"}
	want := "hub.json:7: left out: routeTables rt: addressPrefix \"fd00::/8\": IPv6 is not supported yet\n  hint: write IPv4"
	if got := n.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/hub")
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := ParseID(text)
		if !ok {
			return
		}
		again, ok := ParseID(id.String())
		if !ok || !id.Matches(again) || !again.Matches(id) {
			t.Errorf("%q became %+v and then %+v", text, id, again)
		}
		id.Parent()
	})
}
