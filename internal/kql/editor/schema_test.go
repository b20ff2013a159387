package editor

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/oracle"
	"github.com/sekisho/sekisho/internal/kql/value"
)

var update = flag.Bool("update", false, "write what is expected anew")

// everyType is a table with a column of each type.
func everyType() *catalog.Table {
	t := &catalog.Table{Name: "Every type", Doc: "A table."}
	for k := value.BoolType; k <= value.DynamicType; k++ {
		t.Columns = append(t.Columns, catalog.Column{Name: "a " + k.String(), Type: k})
	}
	return t
}

// TestSchemaLoads gives the schema to Microsoft's language service, which then
// knows our tables, and nothing else.
func TestSchemaLoads(t *testing.T) {
	t.Parallel()
	tables := catalog.With(catalog.Logs(), catalog.NewStatic(everyType()))
	service := oracle.Start(t, map[string]any{"schema": Describe(tables, "sekisho"), "database": "sekisho"})
	for _, c := range []struct {
		query, code string
		columns     [][2]string
	}{
		{"AZFWFlowTrace | where Flag == 'INVALID' and TimeGenerated > ago(1h) | summarize n = count() by SourceIp, DestinationPort", "",
			[][2]string{{"SourceIp", "string"}, {"DestinationPort", "int"}, {"n", "long"}}},
		{"AZFWFlowTrace | project EventNumber, _BilledSize", "", [][2]string{{"EventNumber", "long"}, {"_BilledSize", "real"}}},
		{"AZFWFlowTrace | where Sourcelp == '10.0.0.1'", "KS142", nil},
		{"AZFWFlowTrac | count", "KS204", nil},
		{"['Every type']", "", [][2]string{{"a bool", "bool"}, {"a int", "int"}, {"a long", "long"}, {"a real", "real"}, {"a decimal", "decimal"},
			{"a string", "string"}, {"a datetime", "datetime"}, {"a timespan", "timespan"}, {"a guid", "guid"}, {"a dynamic", "dynamic"}}},
	} {
		got, err := service.Ask(c.query)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case c.code == "" && len(got.Errors) > 0:
			t.Errorf("%s: the service objects: %+v", c.query, got.Errors)
		case c.code == "":
			if diff := cmp.Diff(c.columns, got.Columns); diff != "" {
				t.Errorf("%s: columns (-want +got):\n%s", c.query, diff)
			}
		case len(got.Errors) == 0 || got.Errors[0].Code != c.code:
			t.Errorf("%s: the service says %+v, want %s", c.query, got.Errors, c.code)
		}
	}
	for _, name := range tables.Names() {
		got, err := service.Ask("['" + name + "'] | getschema")
		if err != nil || len(got.Errors) > 0 {
			t.Errorf("%s: %+v %v", name, got.Errors, err)
		}
	}
}

// TestSchemaJSON shows the form itself.
func TestSchemaJSON(t *testing.T) {
	t.Parallel()
	schema := Describe(catalog.NewStatic(everyType()), "db")
	if !slices.Contains(schema.Plugins, SchemaPlugin{"pivot"}) {
		t.Errorf("there is no pivot among the plugins %v", schema.Plugins)
	}
	schema.Plugins = []SchemaPlugin{{"pivot"}} // they become more
	got, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "schema.json")
	if *update {
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
		t.Errorf("Describe() (-want +got):\n%s", diff)
	}
}
