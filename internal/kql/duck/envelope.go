package duck

import (
	"fmt"
	"os"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/logs"
)

// envelopeTypes are DuckDB's types of what the envelope holds.
var envelopeTypes = map[logs.Type]string{logs.String: "VARCHAR", logs.Int: "INTEGER", logs.Long: "BIGINT", logs.Real: "DOUBLE",
	logs.DateTime: "TIMESTAMP_NS", logs.Bool: "BOOLEAN"}

// envelope writes the relation of a log table over files in the envelope of
// Azure's exported records, {"time", "resourceId", "category", "properties"}, as
// Sekisho and Azure write them. All columns of the table are there with their
// types, also those that no record has, as in the empty file that a log is
// before anything has happened. ok is false for other files.
func envelope(found *catalog.Table, files []string) (relation string, ok bool) {
	table, known := logs.Lookup(found.Name)
	if !known || !hasColumns(found, "time", "category", "properties") && !empty(files) {
		return "", false
	}
	var fields, columns []string
	for _, c := range table.Columns {
		name := Dialect{}.Quote(c.Name)
		from := "properties." + name
		switch c.Name {
		case "TimeGenerated":
			from = "time"
		case "_ResourceId":
			from = `lower("resourceId")`
		case "_SubscriptionId":
			from = `split_part(lower("resourceId"), '/', 3)`
		case "Type":
			from = quoteString(table.Name)
		default:
			fields = append(fields, name+" "+envelopeTypes[c.Type])
		}
		columns = append(columns, from+" AS "+name)
	}
	return fmt.Sprintf(`(SELECT %s FROM read_json(%s, format = 'newline_delimited', columns = {time: 'TIMESTAMP_NS', "resourceId": 'VARCHAR', category: 'VARCHAR', properties: %s}) WHERE category = %s)`,
		strings.Join(columns, ", "), quoteList(files), quoteString("STRUCT("+strings.Join(fields, ", ")+")"), quoteString(table.Category)), true
}

// empty tells that there is nothing in the files.
func empty(files []string) bool {
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() > 0 {
			return false
		}
	}
	return true
}

func hasColumns(t *catalog.Table, names ...string) bool {
	have := map[string]bool{}
	for _, c := range t.Columns {
		have[c.Name] = true
	}
	for _, n := range names {
		if !have[n] {
			return false
		}
	}
	return true
}
