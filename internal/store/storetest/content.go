package storetest

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
)

func errorsAs[T error](err error, target *T) bool { return errors.As(err, target) }

// rowsComeBack compares each value of a row of each table with what the row
// itself says.
func rowsComeBack(t *testing.T, b *bench) {
	client, server := netip.MustParseAddrPort("10.1.1.4:40000"), netip.MustParseAddrPort("[2001:db8::7]:22")
	rows := append(b.fw.Others(at), b.fw.Trace(at, time.Second, 7, 1)[0], b.fw.Connection(at, client, server, flow.NoReply),
		logs.HeartbeatRow(logs.Beat{Time: at, LastEvent: at, Segments: 1, Rows: 2}, b.fw.Source),
		logs.TopologyRow(logs.Revision{Time: at, Revision: "t1", Text: "virtualNetworks: []\n# Ärger \"quoted\"\n"}, &logs.Source{}),
		logs.PolicyRow(logs.Revision{Time: at, Revision: "r1", Name: "hub", Text: "name: hub"}, b.fw.Source))
	for _, r := range rows {
		taken := b.take(t, b.fw.Close(t, b.spool, []logs.Row{r}))
		if taken.Table != r.Table().Name || taken.Rows != 1 || !taken.From.Equal(r.Time()) || !taken.To.Equal(r.Time()) {
			t.Errorf("Take() gave %+v", taken)
		}
		compareRow(t, b, r)
	}
}

// compareRow asks for the only row of a table.
func compareRow(t *testing.T, b *bench, want logs.Row) {
	t.Helper()
	table := want.Table()
	a, err := store.Run(t.Context(), b.Store, store.Query{Text: table.Name})
	if err != nil {
		t.Fatalf("%s: error:\n%+v", table.Name, err)
	}
	got, err := result.Read(a.Rows)
	if err != nil || len(got.Data) != 1 {
		t.Fatalf("%s: %d rows, error:\n%+v", table.Name, len(got.Data), err)
	}
	kept := keptColumns{}
	want.Visit(kept)
	for i, c := range got.Cols {
		place := table.Index(c.Name)
		if place < 0 {
			t.Fatalf("%s has the unknown column %s", table.Name, c.Name)
		}
		switch c.Name {
		case "TenantId", "_BilledSize", "_IsBillable": // the store's own
			if got.Data[0][i] == nil {
				t.Errorf("%s.%s is null", table.Name, c.Name)
			}
			continue
		}
		if diff := cmp.Diff(queried(kept.value(want, place), c.Type), got.Data[0][i]); diff != "" {
			t.Errorf("%s.%s (-want +got):\n%s", table.Name, c.Name, diff)
		}
	}
}

// keptColumns are the columns that segments keep of a row.
type keptColumns map[int]bool

func (k keptColumns) value(r logs.Row, i int) any {
	if !k[i] {
		return nil
	}
	return r.Value(i)
}

// The methods of [logs.Visitor].

func (k keptColumns) Text(i int, _ string)        { k[i] = true }
func (k keptColumns) ResourceID(i int, _ string)  { k[i] = true }
func (k keptColumns) Address(i int, _ netip.Addr) { k[i] = true }
func (k keptColumns) Number(i int, _ int64)       { k[i] = true }
func (k keptColumns) Moment(i int, _ int64)       { k[i] = true }

// queried is a row's value as queries have it.
func queried(v any, t value.Type) any {
	switch x := v.(type) {
	case nil:
		if t == value.StringType {
			return "" // Kusto's strings are never null
		}
	case int32:
		return int64(x)
	case time.Time:
		return value.FromTime(x)
	}
	return v
}

func scopeOfFirewall(t *testing.T, b *bench) {
	other := NewFirewall("fw-ab") // its id begins as the first one's
	b.takeTrace(t, 0, 2, 10)
	b.take(t, other.Close(t, b.spool, other.Trace(at, time.Second, 1000, 7)))
	count := "AZFWFlowTrace | summarize count() by Firewall | order by Firewall asc"
	b.expect(t, all, count, "fw-a 20", "fw-ab 7")
	b.expect(t, store.Scope{Resource: b.fw.Source.ResourceID}, count, "fw-a 20")
	b.expect(t, store.Scope{Resource: other.Source.ResourceID + "/"}, count, "fw-ab 7")
	b.expect(t, store.Scope{Resource: "/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000000/resourceGroups/lab"}, count, "fw-a 20", "fw-ab 7")
	b.expect(t, store.Scope{Resource: "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/la"}, count)
	b.expect(t, store.Scope{Resource: "/it's no ' id"}, count)
}

// scopeHolds tries to see another firewall's rows.
func scopeHolds(t *testing.T, b *bench) {
	other := NewFirewall("fw-b")
	b.takeTrace(t, 0, 1, 10)
	b.take(t, other.Close(t, b.spool, other.Trace(at, time.Second, 1000, 7)))
	scope := store.Scope{Resource: b.fw.Source.ResourceID, From: at, To: at.Add(5 * time.Millisecond)}
	for _, text := range []string{
		"AZFWFlowTrace | summarize count(), dcount(Firewall)",
		"union AZFWFlowTrace, (AZFWFlowTrace | where false) | summarize count(), dcount(Firewall)",
		"let T = materialize(AZFWFlowTrace); T | summarize count(), dcount(Firewall)",
		"AZFWFlowTrace | join kind=leftouter (AZFWFlowTrace | project EventNumber, F = Firewall) on EventNumber | summarize count(), dcount(F)",
		"AZFWFlowTrace | where Firewall in ((AZFWFlowTrace | distinct Firewall)) | summarize count(), dcount(Firewall)",
		"union withsource=t AZFW* | summarize count(), dcount(Firewall)",
		"table('AZFWFlowTrace') | summarize count(), dcount(Firewall)",
		"print n = toscalar(AZFWFlowTrace | count), f = toscalar(AZFWFlowTrace | summarize dcount(Firewall))",
		"search in (AZFWFlowTrace) 'TCP' | summarize count(), dcount(Firewall)",
	} {
		b.expect(t, scope, text, "5 1")
	}
	scope.Resource = "/x\x00' OR '1' = '1"
	if _, err := store.Run(t.Context(), b.Store, store.Query{Text: "AZFWFlowTrace", Scope: scope}); err == nil {
		t.Error("a resource id with a zero byte is taken")
	}
}

func scopeOfTime(t *testing.T, b *bench) {
	for i := range 6 { // a segment each ten seconds, a row each second
		b.take(t, b.fw.Close(t, b.spool, b.fw.Trace(at.Add(time.Duration(i)*10*time.Second), time.Second, uint32(10*i), 10)))
	}
	count := "AZFWFlowTrace | summarize count(), min(EventNumber) - 1, max(EventNumber) - 1"
	for _, c := range []struct{ from, to, want string }{
		{"", "", "60 0 59"}, {"20s", "", "40 20 59"}, {"", "20s", "20 0 19"}, {"15s", "25s", "10 15 24"},
		{"15s500ms", "15s500001us", "0  "}, {"15s1ns", "16s", "0  "}, {"14s999999999ns", "16s", "1 15 15"}, {"30s", "30s", "0  "},
	} {
		scope := store.Scope{From: after(t, c.from), To: after(t, c.to)}
		b.expect(t, scope, count, c.want)
		b.expect(t, scope, fmt.Sprintf("AZFWFlowTrace | where TimeGenerated >= datetime(%s) | count", at.Add(55*time.Second).Format(time.RFC3339)),
			fmt.Sprint(within(scope, 55, 60)))
	}
}

func after(t *testing.T, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Add(d)
}

// within counts the seconds from first on that are in scope.
func within(s store.Scope, first, end int) int {
	n := 0
	for i := first; i < end; i++ {
		x := at.Add(time.Duration(i) * time.Second)
		if (s.From.IsZero() || !x.Before(s.From)) && (s.To.IsZero() || x.Before(s.To)) {
			n++
		}
	}
	return n
}
