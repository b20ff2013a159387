package funcs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Markdown returns the reference page of the language: all that the table has.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# KQL\n\n" +
		"What the query engine understands of KQL, the Kusto Query Language. Meaning, types and names of result columns are Kusto's, " +
		"which Microsoft documents; what differs is [listed below](#differences-from-kusto). " +
		"Queries ready to use are in [queries](../queries/README.md), tables in [log tables](tables.md), the command in [commands](commands.md#sekisho-query).\n\n" +
		"In signatures, brackets stand around what can be left out, and dots behind what can be repeated.\n")
	b.WriteString("\n## Statements\n\nThey stand before the query, each with a `;` behind it.\n\n")
	tabularTable(&b, Statement)
	b.WriteString("\n## Sources\n\nA query begins with the name of a table, or with one of these.\n\n")
	tabularTable(&b, Head)
	b.WriteString("\n## Tabular operators\n\nEach stands behind a `|`.\n\n")
	tabularTable(&b, Piped)
	for _, class := range classPages {
		b.WriteString("\n## " + class.title + "\n\n" + class.about)
		functionTables(&b, class.class)
	}
	leftOut(&b)
	differences(&b)
	return b.String()
}

// classPages are the chapters of what calculates.
var classPages = []struct {
	class        Class
	title, about string
}{
	{Operator, "Operators", "Those that are words, and `==`, have a contrary with `!`: `!has`, `!in`, `!between`, `!=`, `!~`. " +
		"`x between (a .. b)` is `x >= a and x <= b`. `<>` is `!=`.\n"},
	{Aggregate, "Aggregates", "In `summarize`, `make-series`, `top-nested` and `evaluate pivot`.\n"},
	{Plugin, "Plugins", "Behind `evaluate`.\n"},
	{TableFunction, "Functions of tables", "Where a table can stand.\n"},
	{Window, "Window functions", "On rows that have an order: behind `sort`, `top`, `serialize` or `range`.\n"},
	{Scalar, "Scalar functions", ""},
}

// cellText keeps a text inside a cell of a table.
var cellText = strings.NewReplacer("|", `\|`, "\n", " ")

func tabularTable(b *strings.Builder, place Place) {
	b.WriteString("| Operator | Does |\n|---|---|\n")
	for _, t := range Tabulars {
		if t.Place&place != 0 && !t.Hidden {
			fmt.Fprintf(b, "| `%s` | %s%s |\n", cellText.Replace(t.Syntax), cellText.Replace(t.Doc), differs(t.Differs))
		}
	}
}

func differs(s string) string {
	if s == "" {
		return ""
	}
	return " **Differs:** " + cellText.Replace(s) + "."
}

// functionTables writes a table for each group of a class.
func functionTables(b *strings.Builder, class Class) {
	group := ""
	for _, f := range All() {
		if f.Class != class {
			continue
		}
		if f.Group != group {
			group = f.Group
			if class == Scalar || class == Operator {
				b.WriteString("\n### " + strings.ToUpper(group[:1]) + group[1:] + "\n")
			}
			b.WriteString("\n| Signature | Does |\n|---|---|\n")
		}
		fmt.Fprintf(b, "| `%s` | %s%s |\n", cellText.Replace(f.Signature()), cellText.Replace(f.Doc), differs(f.Differs))
	}
}

// leftOut lists what is refused on purpose.
func leftOut(b *strings.Builder) {
	b.WriteString("\n## What is left out\n\nThese are refused by name, and never ignored.\n\n| Why | What |\n|---|---|\n")
	fmt.Fprintf(b, "| operators and statements that the engine has not | %s |\n", codes(OutOfScopeOperators))
	reasons := map[string][]string{}
	for name, why := range outNames {
		reasons[why] = append(reasons[why], name)
	}
	for prefix, why := range outPrefixes {
		reasons[why] = append(reasons[why], prefix+"*")
	}
	for _, why := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Fprintf(b, "| %s | %s |\n", why, codes(slices.Sorted(slices.Values(reasons[why]))))
	}
}

func codes(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

// differences lists what is known to differ: in general, and of what.
func differences(b *strings.Builder) {
	b.WriteString("\n## Differences from Kusto\n\n| About | Here | Kusto |\n|---|---|---|\n")
	for _, d := range Differences {
		fmt.Fprintf(b, "| %s | %s | %s |\n", d.About, cellText.Replace(d.Here), cellText.Replace(d.Kusto))
	}
	b.WriteString("\nOf single functions and operators:\n\n| Name | Differs |\n|---|---|\n")
	for _, t := range Tabulars {
		if t.Differs != "" {
			fmt.Fprintf(b, "| `%s` | %s |\n", t.Name, cellText.Replace(t.Differs))
		}
	}
	for _, f := range All() {
		if f.Differs != "" {
			fmt.Fprintf(b, "| `%s` | %s |\n", f.Name, cellText.Replace(f.Differs))
		}
	}
}
