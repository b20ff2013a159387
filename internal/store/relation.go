package store

import (
	"fmt"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/logs"
)

// kustoTypes are the types of columns as queries have them, and as DuckDB reads
// them from segments.
var kustoTypes = map[logs.Type]struct {
	kusto  value.Type
	duckdb string
}{
	logs.String: {value.StringType, "VARCHAR"}, logs.Int: {value.IntType, "INTEGER"}, logs.Long: {value.LongType, "BIGINT"},
	logs.Real: {value.RealType, "DOUBLE"}, logs.Bool: {value.BoolType, "BOOLEAN"},
	logs.DateTime: {value.DatetimeType, "TIMESTAMP WITH TIME ZONE"},
}

// columnsOf are a table's columns for the catalog.
func columnsOf(t *logs.Table) []catalog.Column {
	var out []catalog.Column
	for _, c := range t.Columns {
		k := kustoTypes[c.Type]
		out = append(out, catalog.Column{Name: c.Name, Type: k.kusto, Physical: k.duckdb, Doc: c.Doc, Hidden: c.Hidden})
	}
	return out
}

// relationOver writes the SELECT that stands for a table in queries: its
// segments, newest first, the columns that only a workspace knows, that of the
// size billed if it is read, and of the rows only those in scope. A query cannot leave the scope, because it names
// nothing that is outside of this SELECT.
func (e *Embedded) relationOver(t *logs.Table, files []string, scope Scope, billed bool) string {
	if len(files) == 0 {
		return nothing(t)
	}
	var cols []string
	for _, c := range t.Columns {
		if c.Name == billedColumn && !billed {
			cols = append(cols, "CAST(NULL AS DOUBLE) AS "+quoteName(c.Name)) // nobody reads it
			continue
		}
		cols = append(cols, columnSQL(t, c, e.cfg.Tenant))
	}
	sql := "SELECT " + strings.Join(cols, ", ") + " FROM " + e.files(t, files)
	if where := conditions(scope); len(where) > 0 {
		sql += " WHERE " + strings.Join(where, " AND ")
	}
	return "(" + sql + ")"
}

// files reads segments. Where some lack a column it is null there, at the cost
// of opening all of them before the first row.
func (e *Embedded) files(t *logs.Table, files []string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.uneven[t] {
		return "read_parquet(" + quoteList(files) + ")"
	}
	return "(SELECT * FROM " + nothing(t) + " UNION ALL BY NAME SELECT * FROM read_parquet(" + quoteList(files) + ", union_by_name = true))"
}

func columnSQL(t *logs.Table, c logs.Column, tenant string) string {
	name := quoteName(c.Name)
	switch c.Name {
	case billedColumn:
		return billedSize(t) + " AS " + name
	case "_IsBillable":
		return "'True' AS " + name
	case "TenantId":
		return quoteText(tenant) + " AS " + name
	}
	return name
}

// nothing stands for a table without rows.
func nothing(t *logs.Table) string {
	var cols []string
	for _, c := range t.Columns {
		cols = append(cols, fmt.Sprintf("CAST(NULL AS %s) AS %s", kustoTypes[c.Type].duckdb, quoteName(c.Name)))
	}
	return "(SELECT " + strings.Join(cols, ", ") + " WHERE false)"
}

// check refuses what is no resource id. A zero byte would end the SQL.
func (s Scope) check() error {
	for _, r := range s.Resource {
		if r < ' ' || r == 0x7f {
			return fmt.Errorf("the resource id %q has a control character", s.Resource)
		}
	}
	return nil
}

func conditions(s Scope) []string {
	var out []string
	if s.Resource != "" {
		id := s.resource()
		out = append(out, fmt.Sprintf(`("_ResourceId" = %s OR starts_with("_ResourceId", %s))`, quoteText(id), quoteText(id+"/")))
	}
	if !s.From.IsZero() {
		out = append(out, `"TimeGenerated" >= `+moment(s.From))
	}
	if !s.To.IsZero() {
		out = append(out, `"TimeGenerated" < `+moment(s.To))
	}
	return out
}

// moment writes a time; what is finer than a microsecond counts as one, because
// rows have whole microseconds.
func moment(t time.Time) string {
	us := t.UnixMicro()
	if t.After(time.UnixMicro(us)) {
		us++
	}
	return fmt.Sprintf("CAST(make_timestamp(CAST(%d AS BIGINT)) AS TIMESTAMP WITH TIME ZONE)", us)
}

func quoteName(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func quoteList(list []string) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoteText(s))
	}
	return "[" + b.String() + "]"
}
