package syntax

import (
	"strings"
)

func words(lists ...string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(strings.Join(lists, " ")) {
		out[w] = true
	}
	return out
}

// typeWords begin a literal when a parenthesis follows: datetime(2024-01-01).
const typeWords = "bool boolean int long real double decimal datetime date timespan time guid"

// notNames are words that can name a new column only in brackets, ['first'].
// The list is what Kusto's parser refuses, found by asking it.
var notNames = words(`and anomalychart areachart asc bagexpansion barchart between card columnchart contains_cs
	desc endswith endswith_cs external_data first flags has_any has_all has_cs hasprefix hasprefix_cs hassuffix
	hassuffix_cs isfuzzy journal kind ladderchart last linechart missing or others piechart pivotchart project
	scatterchart shards simple stackedareachart startswith startswith_cs timechart timeline timepivot treemap union
	views with_itemindex with_match_id with_source with_step_name withsource`, "boolean real double decimal string time timespan date datetime dynamic int long uint ulong char byte float uniqueid")

// notReferences are words that can be read as a column only in brackets.
var notReferences = words(`and as asc between by contains contains_cs datatable desc endswith endswith_cs
	externaldata external_data find first flags has has_any has_all has_cs hasprefix hasprefix_cs hassuffix
	hassuffix_cs in invoke isfuzzy last latest materialize missing of or others print project sample search set
	shards simple startswith startswith_cs title to toscalar treemap views where`,
	"boolean real double decimal string time timespan date datetime dynamic int long uint ulong char byte float uniqueid")

// operators are the tabular operators that can stand behind a pipe.
var operators = words(`as consume count distinct evaluate extend filter fork facet find getschema invoke join limit
	lookup make-series mv-apply mv-expand mvexpand mvapply order parse parse-kv parse-where partition print project
	project-away project-by-names project-keep project-rename project-reorder reduce render sample sample-distinct
	scan search serialize sort summarize take top top-hitters top-nested union where assert-schema
	macro-expand graph-match graph-mark-components graph-merge graph-shortest-paths graph-to-table graph
	make-graph execute-and-cache project-reorder`)

// unsupported are operators that the language has and this engine has not.
var unsupported = words(`facet fork graph-match graph-mark-components graph-merge graph-shortest-paths graph-to-table
	graph make-graph macro-expand reduce project-by-names assert-schema execute-and-cache`)

// stringOps are the binary operators on text that are words.
var stringOps = words(`has has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs contains contains_cs
	startswith startswith_cs endswith endswith_cs notcontains notcontainscs containscs like notlike likecs notlikecs`)

// listOps take a list of values in parentheses.
var listOps = words("in has_any has_all")

// Operators returns the names of the tabular operators that can be used, for
// completion and hints.
func Operators() []string {
	var out []string
	for name := range operators {
		if !unsupported[name] {
			out = append(out, name)
		}
	}
	return out
}

// Closest returns the candidate that differs from name by at most a third of
// its letters, "" if there is none.
func Closest(name string, candidates []string) string {
	best, bestDistance := "", len(name)/3+2
	for _, c := range candidates {
		if strings.EqualFold(c, name) {
			return c
		}
		if d := distance(strings.ToLower(name), strings.ToLower(c), bestDistance); d < bestDistance ||
			d == bestDistance && best != "" && c < best {
			best, bestDistance = c, d
		}
	}
	return best
}

// DidYouMean is a hint that names the closest candidate, or "".
func DidYouMean(name string, candidates []string) string {
	if c := Closest(name, candidates); c != "" {
		return "did you mean " + c + "?"
	}
	return ""
}

// distance is the number of letters to insert, delete or change; numbers above
// limit are not exact.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		previous := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := previous
			if a[i-1] != b[j-1] {
				cost++
			}
			previous, row[j] = row[j], min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
