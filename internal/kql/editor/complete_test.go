package editor

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// TestComplete asks for what can stand at the ¦ of a text.
func TestComplete(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		has  string // labels that must be there, kind:label
		not  string // and must not
	}{
		{"¦", "table:AZFWFlowTrace statement:let operator:print operator:union", "column:Flag operator:where"},
		{"AZFW¦", "table:AZFWFlowTrace table:AZFWNetworkRule", "statement:let table:Connection"},
		{"AZFWFlowTrace | ¦", "operator:where operator:summarize operator:project-away", "table:AZFWFlowTrace operator:filter"},
		{"AZFWFlowTrace | project-a¦", "operator:project-away", "operator:project operator:where"},
		{"AZFWFlowTrace | where ¦", "column:Flag column:SourceIp function:ago function:ipv4_is_in_range", "aggregate:count operator:has"},
		{"AZFWFlowTrace | where Flag ¦", "operator:has operator:!has operator:== operator:in operator:!between", "column:Flag function:ago"},
		{"AZFWFlowTrace | where Flag has ¦", "column:SourceIp function:tolower", "operator:has"},
		{"AZFWFlowTrace | where Flag !h¦", "operator:!has operator:!hasprefix", "operator:has column:Flag"},
		{"AZFWFlowTrace | where strlen(¦", "column:Flag function:strcat", "aggregate:count"},
		{"AZFWFlowTrace | summarize ¦", "aggregate:count aggregate:dcount column:Flag word:by", ""},
		{"AZFWFlowTrace | summarize dcount(Sour¦", "column:SourceIp column:SourcePort", "column:Flag"},
		{"AZFWFlowTrace | summarize count() ¦", "word:by", "column:Flag"},
		{"AZFWFlowTrace | summarize count() by ¦", "column:Flag function:bin", "aggregate:count"},
		{"AZFWFlowTrace | project A = SourceIp, B = 1 | where ¦", "column:A column:B", "column:SourceIp"},
		{"AZFWFlowTrace | project-away ¦", "column:Flag", "function:ago"},
		{"AZFWFlowTrace | sort ¦", "word:by", ""},
		{"AZFWFlowTrace | top 5 ¦", "word:by", "column:Flag"},
		{"AZFWFlowTrace | join ¦", "table:Connection word:kind", "column:Flag"},
		{"AZFWFlowTrace | join kind=inner (¦", "table:Connection", "column:Flag"},
		{"AZFWFlowTrace | join kind=inner (Connection | where ¦", "column:Outcome", "column:Flag"},
		{"AZFWFlowTrace | join kind=inner (Connection) on ¦", "column:Flag word:$left word:$right", ""},
		{"AZFWFlowTrace | where ConnectionId in (¦", "table:Connection", "column:Flag"},
		{"AZFWFlowTrace | extend x = toscalar(Connection | summarize ¦", "column:Outcome aggregate:max", "column:Flag"},
		{"AZFWFlowTrace | mv-apply x = dynamic([1]) on (¦", "operator:where", "table:Connection"},
		{"AZFWFlowTrace | mv-apply x = dynamic([1]) on (where ¦", "column:Flag function:ago", "table:Connection"},
		{"AZFWFlowTrace | evaluate ¦", "plugin:pivot plugin:bag_unpack", "column:Flag"},
		{"AZFWFlowTrace | render ¦", "chart:timechart chart:piechart", "column:Flag"},
		{"union ¦", "table:AZFWFlowTrace word:withsource", "column:Flag"},
		{"let n = ¦", "table:AZFWFlowTrace function:ago", "operator:where"},
		{"let n = 5; let f = (x: long) { x }; AZFWFlowTrace | where SourcePort > ¦", "variable:n function:f column:Flag", ""},
		{"let T = Connection | project Outcome; T | where ¦", "column:Outcome variable:T", "column:Flag"},
		{"let f = () { Connection | where ¦", "column:Outcome", "column:Flag"},
		{"print x = ¦", "function:now", "column:Flag"},
		{"let f = 1; print ¦", "variable:f function:now", ""},
		{"AZFWFlowTrace | where Flag == \"S¦", "", "column:SourceIp function:strcat"},
		{"AZFWFlowTrace | where Flag == \"S¦YN\"", "", "column:SourceIp function:strcat"},
		{"AZFWFlowTrace // wh¦", "", "operator:where"},
		{"AZFWFlowTrace | extend ['a b'] = 1 | where a¦", "column:a b", ""},
		{"// Einträge: 𝄞\nAZFWFlowTrace | wh¦", "operator:where", ""},
		{"Nothing | where ¦", "function:ago", "column:Flag"},
		{"AZFWFlowTrace | where (¦ and Flag == 'SYN'", "column:Flag", ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			before, rest, _ := strings.Cut(c.text, "¦")
			got := Complete(context.Background(), before+rest, units(before), catalog.Logs())
			var labels []string
			for _, i := range got.Items {
				labels = append(labels, string(i.Kind)+":"+i.Label)
			}
			for _, want := range wanted(c.has) {
				if !slices.Contains(labels, want) {
					t.Errorf("%s is not offered; there are %d: %.300q", want, len(labels), labels)
				}
			}
			for _, bad := range wanted(c.not) {
				if slices.Contains(labels, bad) {
					t.Errorf("%s is offered", bad)
				}
			}
			if end := got.Start + got.Length; end != units(before) {
				t.Errorf("the word that is replaced ends at %d, want %d", end, units(before))
			}
		})
	}
}

// wanted cuts a list at its blanks; "a b" is the one name with a blank.
func wanted(list string) []string {
	if list == "column:a b" {
		return []string{list}
	}
	return strings.Fields(list)
}

func TestCompleteInsertsWhatIsTaken(t *testing.T) {
	t.Parallel()
	c := catalog.Logs()
	const before = `AZFWFlowTrace | extend ['a b'] = 2, ["it's"] = 1, ["back\\slash"] = 3 | project `
	seen := 0
	for _, i := range Complete(context.Background(), before, units(before), c).Items {
		if i.Kind != Column {
			continue
		}
		seen++
		if markers := Lint(context.Background(), before+"x = "+i.Insert, c); len(markers) > 0 {
			t.Errorf("%s: %+v", i.Insert, markers)
		}
	}
	if seen < 50 {
		t.Errorf("only %d columns are offered", seen)
	}
}

func TestItemsHaveDocs(t *testing.T) {
	t.Parallel()
	c := catalog.Logs()
	for _, text := range []string{"", "AZFWFlowTrace | ", "AZFWFlowTrace | summarize ", "AZFWFlowTrace | where Flag ", "T | evaluate "} {
		for _, i := range Complete(context.Background(), text, units(text), c).Items {
			if i.Doc == "" && i.Kind != Word || i.Detail == "" && i.Kind != Table {
				t.Errorf("%q: %+v lacks doc or detail", text, i)
			}
		}
	}
}

func TestLint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want []Marker
	}{
		{"AZFWFlowTrace | where Flag == 'SYN'", []Marker{}},
		{"// 𝄞\nAZFWFlowTrace\n| where Sourcelp == '𝄞'", []Marker{{Severity: syntax.Error, Code: syntax.CodeSemantics,
			Message: "'Sourcelp' is not a column or variable here", Hint: "did you mean SourceIp?", Start: 28, Length: 8, Line: 3, Column: 9, EndLine: 3, EndColumn: 17}}},
		{"AZFWFlowTrace | where '𝄞' == qqqqqq", []Marker{{Severity: syntax.Error, Code: syntax.CodeSemantics,
			Message: "'qqqqqq' is not a column or variable here", Start: 30, Length: 6, Line: 1, Column: 31, EndLine: 1, EndColumn: 37}}},
		{"AZFWFlowTrace | facet by Flag", []Marker{{Severity: syntax.Error, Code: syntax.CodeUnsupported,
			Message: "the operator 'facet' is not supported", Start: 16, Length: 5, Line: 1, Column: 17, EndLine: 1, EndColumn: 22}}},
		{"AZFWFlowTrace | where (", []Marker{{Severity: syntax.Error, Code: syntax.CodeSyntax,
			Message: "expected an expression, found the end of the query", Start: 23, Length: 0, Line: 1, Column: 24, EndLine: 1, EndColumn: 24}}},
	} {
		got := Lint(context.Background(), c.text, catalog.Logs())
		if diff := diffMarkers(c.want, got); diff != "" {
			t.Errorf("Lint(%q) (-want +got):\n%s", c.text, diff)
		}
	}
}
