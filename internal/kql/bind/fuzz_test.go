package bind_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

var flowTable = &catalog.Table{Name: "Flows", Relation: "flows", Columns: []catalog.Column{
	{Name: "TimeGenerated", Type: value.DatetimeType, Physical: "TIMESTAMP"}, {Name: "SourceIp", Type: value.StringType, Physical: "VARCHAR"},
	{Name: "DestinationPort", Type: value.IntType, Physical: "USMALLINT"}, {Name: "Flag", Type: value.StringType, Physical: "VARCHAR"},
	{Name: "Bytes", Type: value.LongType, Physical: "BIGINT"}, {Name: "Tags", Type: value.DynamicType, Physical: "JSON"},
}}

// FuzzQuery checks that no text makes the binder or the SQL generator panic,
// and that no string of a query gets into the SQL.
func FuzzQuery(f *testing.F) {
	files, _ := filepath.Glob("../testdata/*.kql")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, c := range strings.Split(string(text), "====\n") {
			query, _, _ := strings.Cut(c, "----\n")
			f.Add(query)
		}
	}
	tables := catalog.NewStatic(flowTable)
	f.Fuzz(func(t *testing.T, text string) {
		tree, ds := syntax.Parse(text)
		bound, more := bind.Query(context.Background(), tree, bind.Options{Catalog: tables})
		if ds.Refused() || more.Refused() {
			return
		}
		for _, q := range bound.Queries {
			st, err := sqlgen.Generate(duck.Dialect{}, q, sqlgen.Options{})
			if err == nil && strings.ContainsAny(st.SQL, "\x00;") {
				t.Errorf("Generate(%q) wrote %s", text, st.SQL)
			}
		}
	})
}

// BenchmarkTranslate measures parsing, binding and writing a typical query.
func BenchmarkTranslate(b *testing.B) {
	const text = `let window = 1h;
Flows | where TimeGenerated > ago(window) and Flag in ("SYN", "INVALID") and ipv4_is_in_range(SourceIp, "10.0.0.0/8")
| summarize Packets = count(), Sources = dcount(SourceIp), arg_max(TimeGenerated, Flag) by DestinationPort, bin(TimeGenerated, 5m)
| join kind=leftouter (Flows | where Flag == "RST" | summarize Resets = count() by DestinationPort) on DestinationPort
| extend Share = todouble(Resets) / Packets | top 20 by Share desc | project-away DestinationPort1`
	tables := catalog.NewStatic(flowTable)
	for b.Loop() {
		tree, ds := syntax.Parse(text)
		bound, more := bind.Query(context.Background(), tree, bind.Options{Catalog: tables})
		if ds.Refused() || more.Refused() {
			b.Fatal(ds, more)
		}
		if _, err := sqlgen.Generate(duck.Dialect{}, bound.Queries[0], sqlgen.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
