package logs

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
)

// values returns what the named columns of the row have.
func values(r Row, columns ...string) []any {
	var got []any
	for _, c := range columns {
		got = append(got, r.Get(c))
	}
	return got
}

func TestRowsOfEachEvent(t *testing.T) {
	t.Parallel()
	decided := map[string]bool{"SYN allowed": true, "SYN denied by rule": true, "SYN denied by default": true,
		"DENIED": true, "IPv6 SYN": true, "long IPv4 SYN": true}
	for _, x := range examples() {
		rows := Rows(&x.ev, hub, x.rule)
		if rows[0].Table() != FlowTrace {
			t.Errorf("%s: first row is of %s", x.name, rows[0].Table().Name)
		}
		if both := len(rows) == 2 && rows[1].Table() == NetworkRule; both != decided[x.name] {
			t.Errorf("%s: %d rows", x.name, len(rows))
		}
	}
}

func TestOtherProtocolsHaveADecisionAndNoTrace(t *testing.T) {
	t.Parallel()
	ev := flow.Event{Direction: flow.Original, Action: flow.Deny, ICMPType: 8, Packet: flow.Tuple{Protocol: flow.ICMP,
		Source: netip.MustParseAddrPort("10.0.100.4:0"), Dest: netip.MustParseAddrPort("10.0.200.4:0")}}
	rows := Rows(&ev, hub, byNone)
	if len(rows) != 1 || rows[0].Table() != NetworkRule {
		t.Fatalf("Rows() gave %d rows", len(rows))
	}
	got := values(rows[0], "Protocol", "SourcePort", "Action", "ActionReason", "SequenceNumber", "Ttl")
	if diff := cmp.Diff([]any{"ICMP Type=8", int32(0), "Deny", "Default Action", nil, nil}, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	ev.Packet.Protocol = flow.TCP
	if rows := Rows(&ev, hub, byNone); len(rows) != 0 {
		t.Errorf("a TCP event without flag gave %d rows", len(rows))
	}
}

func TestSYNOnlyDecidesInOriginalDirection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		direction flow.Direction
		action    flow.Action
		want      int
	}{
		{flow.Original, flow.Allow, 2}, {flow.DirectionUnknown, flow.Deny, 2},
		{flow.Reply, flow.Allow, 1}, {flow.Original, flow.ActionNone, 1},
	} {
		ev := flow.Event{Flag: flow.SYN, Direction: c.direction, Action: c.action}
		if got := len(Rows(&ev, hub, rdp)); got != c.want {
			t.Errorf("direction %d, action %d: %d rows, want %d", c.direction, c.action, got, c.want)
		}
	}
}

func TestDecisionColumns(t *testing.T) {
	t.Parallel()
	columns := []string{"Action", "ActionReason", "Verdict", "Policy", "RuleCollectionGroup", "RuleCollection", "Rule", "PolicyRevision"}
	want := map[string][2][]any{
		"SYN allowed": {
			{"Log", "Additional TCP Log", "Allow", "fwpol-hub", "rcg-spokes", "allow-admin", "spoke1-to-spoke2-rdp", "r7"},
			{"Allow", "", nil, "fwpol-hub", "rcg-spokes", "allow-admin", "spoke1-to-spoke2-rdp", "r7"}},
		"SYN denied by rule": {
			{"Log", "Additional TCP Log", "Deny", "fwpol-hub", "rcg-spokes", "deny-old", "no-telnet", "r7"},
			{"Deny", "", nil, "fwpol-hub", "rcg-spokes", "deny-old", "no-telnet", "r7"}},
		"SYN denied by default": {
			{"Log", "Additional TCP Log", "Deny", "", "", "", "", "r7"},
			{"Deny", "Default Action", nil, "", "", "", "", "r7"}},
		"DENIED": {
			{"Log", "Additional TCP Log", "Deny", "fwpol-hub", "rcg-spokes", "deny-old", "no-telnet", "r7"},
			{"Deny", "", nil, "fwpol-hub", "rcg-spokes", "deny-old", "no-telnet", "r7"}},
		"INVALID without text": {{"Log", "Additional TCP Log", "Drop", nil, nil, nil, nil, nil}},
	}
	for _, x := range examples() {
		for i, r := range Rows(&x.ev, hub, x.rule) {
			if w := want[x.name][i]; w != nil {
				if diff := cmp.Diff(w, values(r, columns...)); diff != "" {
					t.Errorf("%s, row %d (-want +got):\n%s", x.name, i, diff)
				}
			}
		}
	}
}

func TestAbsentIsNotZero(t *testing.T) {
	t.Parallel()
	ev := flow.Event{Flag: flow.INVALID, Reason: flow.Truncated, Packet: flow.Tuple{Protocol: flow.TCP}}
	r := Rows(&ev, &Source{}, Rule{})[0]
	known := map[string]bool{"TimeGenerated": true, "Protocol": true, "Action": true, "ActionReason": true, "Flag": true,
		"SourceSystem": true, "Type": true, "InvalidReason": true, "Verdict": true}
	for i, c := range FlowTrace.Columns {
		if v := r.Value(i); (v != nil) != known[c.Name] {
			t.Errorf("%s = %v", c.Name, v)
		}
	}
	if v := r.Get("NoSuchColumn"); v != nil {
		t.Errorf("Get(NoSuchColumn) = %v", v)
	}
}

func TestStandardColumns(t *testing.T) {
	t.Parallel()
	r := exampleRows(false)[1]
	got := values(r, "_ResourceId", "_SubscriptionId", "SourceSystem", "TenantId", "Type", "_BilledSize", "_IsBillable")
	want := []any{"/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/sekisho/providers/microsoft.network/azurefirewalls/fw-hub",
		"00000000-0000-0000-0000-000000000000", "Sekisho", "9b1c", "AZFWNetworkRule", nil, nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if got := r.Time().Nanosecond(); got != 412_123_000 {
		t.Errorf("Time() has %d ns; want whole microseconds", got)
	}
}

// Not parallel: allocations are counted for the whole process.
func TestAllocations(t *testing.T) {
	x := examples()[0]
	buf := make([]byte, 0, 4096)
	got := testing.AllocsPerRun(100, func() {
		buf = Subset{}.AppendLines(buf[:0], Rows(&x.ev, hub, x.rule))
	})
	if got > 4 {
		t.Errorf("two rows took %.0f allocations, want 4 at most", got)
	}
}

func BenchmarkRowsAppendJSON(b *testing.B) {
	x := examples()[0]
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = Subset{}.AppendLines(buf[:0], Rows(&x.ev, hub, x.rule))
	}
}
