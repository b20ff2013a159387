package api

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql"
)

// visualKeys are a chart's properties: Kusto's name and what render calls it.
var visualKeys = [][2]string{{"Title", "title"}, {"XColumn", "xcolumn"}, {"Series", "series"}, {"YColumns", "ycolumns"},
	{"AnomalyColumns", "anomalycolumns"}, {"XTitle", "xtitle"}, {"YTitle", "ytitle"}, {"XAxis", "xaxis"}, {"YAxis", "yaxis"},
	{"Legend", "legend"}, {"YSplit", "ysplit"}, {"Accumulate", "accumulate"}, {"IsQuerySorted", ""}, {"Kind", "kind"},
	{"Ymin", "ymin"}, {"Ymax", "ymax"}, {"Xmin", "xmin"}, {"Xmax", "xmax"}}

// visualDefaults are the properties that are not null where nothing is said.
var visualDefaults = map[string]any{"Accumulate": false, "IsQuerySorted": false, "Ymin": "NaN", "Ymax": "NaN"}

// visual is the chart that a query asks for; rename gives the keys their form.
func visual(a *kql.Answer, rename func(string) string) map[string]any {
	out := map[string]any{rename("Visualization"): nil}
	if a.Render != "" {
		out[rename("Visualization")] = a.Render
	}
	for _, key := range visualKeys {
		v := visualDefaults[key[0]]
		if said, ok := a.RenderWith[key[1]]; ok {
			v = said
			if key[0] == "Accumulate" {
				v = strings.EqualFold(said, "true")
			}
		}
		out[rename(key[0])] = v
	}
	return out
}

// visualization is the chart as text that holds JSON, as Kusto has it.
func visualization(a *kql.Answer) string {
	return string(marshal(visual(a, func(key string) string { return key })))
}

// logsVisual is the chart as Log Analytics has it: the same with small first
// letters.
func logsVisual(a *kql.Answer) map[string]any {
	return visual(a, func(key string) string {
		switch key {
		case "Ymin", "Ymax", "Xmin", "Xmax":
			return strings.ToLower(key[:1]) + strings.ToUpper(key[1:2]) + key[2:]
		}
		return strings.ToLower(key[:1]) + key[1:]
	})
}
