package bounds_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/bounds"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

var flows = catalog.NewStatic(
	&catalog.Table{Name: "F", Columns: []catalog.Column{{Name: "TimeGenerated", Type: value.DatetimeType}, {Name: "Flag", Type: value.StringType}, {Name: "Port", Type: value.IntType}}},
	&catalog.Table{Name: "G", Columns: []catalog.Column{{Name: "TimeGenerated", Type: value.DatetimeType}, {Name: "Flag", Type: value.StringType}}},
)

// TestSpans writes each span as minutes before now, "from to"; "-" is open.
func TestSpans(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"F":                                  "F - -",
		"F | where TimeGenerated > ago(15m)": "F 15+ -",
		"F | where TimeGenerated >= ago(15m) and TimeGenerated < ago(5m) and Flag == 'SYN'":                        "F 15 5-",
		"F | where ago(15m) < TimeGenerated | where Port == 22":                                                    "F 15+ -",
		"F | where TimeGenerated between (ago(1h) .. 10m)":                                                         "F 60 50",
		"F | where TimeGenerated > ago(15m) or TimeGenerated > ago(1h)":                                            "F 60+ -",
		"F | where TimeGenerated > ago(15m) or Flag == 'SYN'":                                                      "F - -",
		"F | where not(TimeGenerated < ago(15m))":                                                                  "F - -",
		"F | extend H = bin(TimeGenerated, 1h) | project When = TimeGenerated, H | where When > ago(15m)":          "F 15+ -",
		"F | summarize max(TimeGenerated) by Flag | where max_TimeGenerated > ago(15m)":                            "F - -",
		"F | where TimeGenerated > ago(15m) | summarize count() by Flag":                                           "F 15+ -",
		"F | top 10 by TimeGenerated | where TimeGenerated > ago(15m)":                                             "F - -",
		"F | sort by TimeGenerated | extend P = prev(Flag) | where TimeGenerated > ago(15m)":                       "F - -",
		"let recent = F | where TimeGenerated > ago(15m); recent | where Flag == 'SYN'":                            "F 15+ -",
		"let s = ago(30m); union F, (G | where TimeGenerated < ago(20m)) | where TimeGenerated > s":                "F 30+ - G 30+ 20-",
		"F | where TimeGenerated > ago(15m) | join (G | where TimeGenerated > ago(30m)) on Flag":                   "F 15+ - G 30+ -",
		"F | join kind=inner G on Flag | where TimeGenerated > ago(15m)":                                           "F 15+ - G - -",
		"F | join kind=leftouter G on Flag | where TimeGenerated > ago(15m) and TimeGenerated1 > ago(5m)":          "F 15+ - G - -",
		"F | where Flag in ((G | where TimeGenerated > ago(15m) | project Flag)) | where TimeGenerated > ago(5m)":  "F 5+ - G 15+ -",
		"let r = materialize(F); union (r | where TimeGenerated > ago(15m)), (r | where TimeGenerated > ago(30m))": "F 30+ -",
		"let r = materialize(F); union (r | where TimeGenerated > ago(15m)), (r | where Flag == 'SYN')":            "F - -",
		"F | mv-expand x = pack_array(1, 2) | where TimeGenerated > ago(15m)":                                      "F 15+ -",
		"F | where TimeGenerated == ago(15m)":                                                                      "F 15 15",
		"F | where TimeGenerated in (ago(15m), ago(30m))":                                                          "F 30 15",
		"F | where TimeGenerated > datetime(null)":                                                                 "F - -",
		"F | where TimeGenerated > now(1m) and TimeGenerated < ago(1m)":                                            "F none",
	} {
		got := needs(t, query, func(n bounds.Need) string { return minutes(n.Span) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

// needs writes what a query needs of each table that it reads.
func needs(t *testing.T, query string, written func(bounds.Need) string) string {
	t.Helper()
	tree, ds := syntax.Parse(query)
	if ds.Refused() {
		t.Fatalf("%s: %v", query, ds)
	}
	bound, ds := bind.Query(context.Background(), tree, bind.Options{Catalog: flows, Now: value.FromTime(now)})
	if ds.Refused() {
		t.Fatalf("%s: %v", query, ds)
	}
	var got []string
	for s, need := range bounds.Scans(bound.Queries[0], catalog.TimeColumn) {
		got = append(got, s.Table.Name+" "+written(need))
	}
	slices.Sort(got)
	return strings.Join(slices.Compact(got), " ")
}

func minutes(s bounds.Span) string {
	if s.Empty() {
		return "none"
	}
	one := func(d value.Datetime, open value.Datetime) string {
		ticks := value.FromTime(now) - d
		switch n := int64(value.Minute); {
		case d == open:
			return "-"
		case (int64(ticks)+1)%n == 0: // just after a minute
			return fmt.Sprintf("%d+", (int64(ticks)+1)/n)
		case (int64(ticks)-1)%n == 0: // just before one
			return fmt.Sprintf("%d-", (int64(ticks)-1)/n)
		default:
			return fmt.Sprint(int64(ticks) / n)
		}
	}
	return one(s.From, 0) + " " + one(s.To, value.MaxDatetime)
}
