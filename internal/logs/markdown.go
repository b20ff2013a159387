package logs

import (
	"fmt"
	"strings"
)

// Markdown returns the reference page of the tables: for each its name,
// category, meaning and columns.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Log tables\n\n" +
		"Columns of origin Azure have the name, type and order of Azure Firewall's own tables; those of origin Sekisho follow after them. " +
		"An unknown value is null, never zero.\n\n" +
		"In exported JSON, each row is an object with `time` (TimeGenerated), `resourceId` (_ResourceId in upper case), " +
		"`category` and `properties`; the columns marked with * are not among the properties, and an unknown value has no key.\n")
	for _, t := range AllTables() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\nCategory `%s`, shown as \"%s\".\n\n", t.Name, t.Doc, t.Category, t.DisplayName)
		b.WriteString("| Column | Type | Origin | Meaning |\n|---|---|---|---|\n")
		for _, c := range t.Columns {
			b.WriteString(markdownRow(c))
		}
	}
	return b.String()
}

func markdownRow(c Column) string {
	name := "`" + c.Name + "`"
	if c.envelope {
		name += " *"
	}
	doc := strings.ReplaceAll(c.Doc, "|", `\|`)
	if c.Hidden {
		doc += " Hidden unless a query names it."
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", name, c.Type, c.Origin, doc)
}
