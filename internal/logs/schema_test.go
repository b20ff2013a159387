package logs

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Azure's columns, from its table reference.
var (
	azureStandard = []string{"_ResourceId string", "_SubscriptionId string", "SourceSystem string", "TenantId string",
		"Type string", "_BilledSize real", "_IsBillable string"}
	azureTuple = []string{"TimeGenerated datetime", "Protocol string", "SourceIp string", "SourcePort int",
		"DestinationIp string", "DestinationPort int"}
	azureFlowTrace   = []string{"Action string", "ActionReason string", "Flag string"}
	azureNetworkRule = []string{"Action string", "Policy string", "RuleCollectionGroup string", "RuleCollection string",
		"Rule string", "ActionReason string"}
)

func TestAzureColumnsAreAzures(t *testing.T) {
	t.Parallel()
	want := map[*Table][][]string{
		FlowTrace:   {azureTuple, azureFlowTrace, azureStandard},
		NetworkRule: {azureTuple, azureNetworkRule, azureStandard},
	}
	for table, groups := range want {
		var names, got []string
		for _, g := range groups {
			names = append(names, g...)
		}
		for _, c := range (Subset{AzureOnly: true}).Columns(table) {
			got = append(got, fmt.Sprintf("%s %s", c.Name, c.Type))
		}
		if diff := cmp.Diff(names, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", table.Name, diff)
		}
		for i, c := range table.Columns {
			if (i < len(names)) != (c.Origin == Azure) {
				t.Errorf("%s: %s of origin %s stands at place %d", table.Name, c.Name, c.Origin, i)
			}
		}
	}
}

func TestSchema(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for _, table := range AllTables() {
		fmt.Fprintf(&b, "%s (%s, %s)\n", table.Name, table.Category, table.DisplayName)
		for _, c := range table.Columns {
			fmt.Fprintf(&b, "  %-22s %-9s %-8s hidden=%v envelope=%v\n", c.Name, c.Type, c.Origin, c.Hidden, c.envelope)
		}
	}
	golden(t, "schema.txt", b.Bytes())
}

func TestColumnsAreDocumentedAndFound(t *testing.T) {
	t.Parallel()
	for _, table := range AllTables() {
		for i, c := range table.Columns {
			if c.Doc == "" || c.Type == "" || c.Origin == "" {
				t.Errorf("%s.%s: doc, type or origin is missing", table.Name, c.Name)
			}
			if got := table.Index(c.Name); got != i {
				t.Errorf("%s.Index(%s) = %d, want %d: is the name there twice?", table.Name, c.Name, got, i)
			}
		}
		if got := table.Index("sourceip"); got != -1 {
			t.Errorf("%s.Index(sourceip) = %d, want -1", table.Name, got)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, table := range AllTables() {
		byName, _ := Lookup(table.Name)
		byCategory, _ := LookupCategory(table.Category)
		if byName != table || byCategory != table {
			t.Errorf("%s is not found by name and category", table.Name)
		}
	}
	if _, ok := Lookup("AZFWFqdnResolveFailure"); ok {
		t.Error("Lookup(AZFWFqdnResolveFailure) found a table: that is a category")
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	golden(t, "tables.md", []byte(Markdown()))
}
