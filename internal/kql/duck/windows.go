package duck

import (
	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/value"
)

const soFar = " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"

// windows are the window functions in DuckDB's SQL.
var windows = map[string]func(w sqlgen.Win) string{
	"row_number": func(w sqlgen.Win) string {
		n := "row_number() OVER (" + w.Over + ")"
		if len(w.Args) > 0 {
			return "(" + n + " - 1 + " + w.Args[0].SQL + ")"
		}
		return n
	},
	"prev": neighbour("lag"), "next": neighbour("lead"),
	"row_cumsum": func(w sqlgen.Win) string {
		s := "sum(" + w.Args[0].SQL + ") OVER (" + w.Over + soFar + ")"
		if w.Args[0].Type == value.RealType {
			return "coalesce(" + s + ", 0)"
		}
		return "kql_wrap(coalesce(" + s + ", 0))"
	},
	"window_count": func(w sqlgen.Win) string {
		return "count(*) FILTER (WHERE " + w.Args[0].SQL + ") OVER (" + w.Over + soFar + ")"
	},
	"window_max": func(w sqlgen.Win) string { return "max(" + w.Args[0].SQL + ") OVER (" + w.Over + soFar + ")" },
	"window_changed": func(w sqlgen.Win) string {
		return "(row_number() OVER (" + w.Over + ") = 1 OR " + w.Args[0].SQL + " IS DISTINCT FROM lag(" + w.Args[0].SQL + ") OVER (" + w.Over + "))"
	},
}

// Window implements [sqlgen.Dialect].
func (Dialect) Window(w sqlgen.Win) (string, bool) {
	f, ok := windows[w.Name]
	if !ok {
		return "", false
	}
	return f(w), true
}

// neighbour writes lag and lead.
func neighbour(fn string) func(w sqlgen.Win) string {
	return func(w sqlgen.Win) string {
		sql := fn + "(" + w.Args[0].SQL
		for _, a := range w.Args[1:] {
			sql += ", " + a.SQL
		}
		sql += ") OVER (" + w.Over + ")"
		if w.Args[0].Type == value.StringType {
			return "coalesce(" + sql + ", '')"
		}
		return sql
	}
}
