package duck

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// Dialect is DuckDB's SQL.
type Dialect struct{}

var _ sqlgen.Dialect = Dialect{}

// Quote implements [sqlgen.Dialect].
func (Dialect) Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Placeholder implements [sqlgen.Dialect].
func (Dialect) Placeholder(n int) string { return fmt.Sprintf("$%d", n) }

var sqlTypes = map[value.Type]string{
	value.BoolType: "BOOLEAN", value.IntType: "INTEGER", value.LongType: "BIGINT", value.RealType: "DOUBLE",
	value.DecimalType: "VARCHAR", value.StringType: "VARCHAR", value.DatetimeType: "BIGINT", value.TimespanType: "BIGINT",
	value.GuidType: "VARCHAR", value.DynamicType: "VARCHAR", value.Unknown: "VARCHAR",
}

// Type implements [sqlgen.Dialect].
func (Dialect) Type(t value.Type) string { return sqlTypes[t] }

// KustoType gives the type as which a column of DuckDB's type is read.
func KustoType(physical string) value.Type {
	base, _, _ := strings.Cut(physical, "(")
	if strings.HasSuffix(physical, "]") {
		return value.DynamicType
	}
	switch base {
	case "BOOLEAN":
		return value.BoolType
	case "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT":
		return value.IntType
	case "BIGINT", "UINTEGER", "UBIGINT":
		return value.LongType
	case "FLOAT", "DOUBLE":
		return value.RealType
	case "DECIMAL", "HUGEINT", "UHUGEINT":
		return value.DecimalType
	case "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S":
		return value.DatetimeType
	case "TIME", "INTERVAL":
		return value.TimespanType
	case "UUID":
		return value.GuidType
	case "JSON", "STRUCT", "MAP", "UNION":
		return value.DynamicType
	}
	return value.StringType
}

// Scan implements [sqlgen.Dialect].
func (Dialect) Scan(c catalog.Column, quoted string) (string, sqlgen.Form) {
	switch c.Type {
	case value.StringType:
		form := sqlgen.NullString
		if c.NotNull {
			form = sqlgen.Canonical
		}
		if c.Physical != "VARCHAR" {
			return "CAST(" + quoted + " AS VARCHAR)", form
		}
		return quoted, form
	case value.DatetimeType:
		switch c.Physical {
		case "TIMESTAMP":
			return quoted, sqlgen.Timestamp
		case "TIMESTAMP WITH TIME ZONE":
			return quoted, sqlgen.TimestampTZ
		case "BIGINT":
			return quoted, sqlgen.Canonical
		case "TIMESTAMP_NS":
			return fmt.Sprintf("(epoch_ns(%s) // 100 + %d)", quoted, value.UnixEpochTicks), sqlgen.Canonical
		}
		return "CAST(" + quoted + " AS TIMESTAMP)", sqlgen.Timestamp
	case value.TimespanType:
		if c.Physical != "BIGINT" {
			return "(epoch_us(" + quoted + ") * 10)", sqlgen.Canonical
		}
	case value.DynamicType:
		if c.Physical == "VARCHAR" || c.Physical == "JSON" {
			return "CAST(" + quoted + " AS VARCHAR)", sqlgen.Canonical
		}
		return "CAST(to_json(" + quoted + ") AS VARCHAR)", sqlgen.Canonical
	}
	if want := sqlTypes[c.Type]; c.Physical != want {
		return "CAST(" + quoted + " AS " + want + ")", sqlgen.Canonical
	}
	return quoted, sqlgen.Canonical
}

// FromNullString implements [sqlgen.Dialect]. Of one argument concat makes the
// empty string of NULL as coalesce does; but it is a function, and functions are
// computed on a column's dictionary, once for each of its values. Grouping by
// such a column is three times as fast.
func (Dialect) FromNullString(sql string) string { return "concat(" + sql + ")" }

// FromTimestamp implements [sqlgen.Dialect].
func (Dialect) FromTimestamp(sql string, _ sqlgen.Form) string {
	return fmt.Sprintf("(epoch_us(%s) * 10 + %d)", sql, value.UnixEpochTicks)
}

// ToTimestamp implements [sqlgen.Dialect].
func (Dialect) ToTimestamp(sql string, form sqlgen.Form) string {
	if form == sqlgen.TimestampTZ {
		return "CAST(make_timestamp(" + sql + ") AS TIMESTAMP WITH TIME ZONE)"
	}
	return "make_timestamp(" + sql + ")"
}

// DecimalKey implements [sqlgen.Dialect].
func (Dialect) DecimalKey(sql string) string { return "CAST(" + sql + " AS DOUBLE)" }

// Elements implements [sqlgen.Dialect].
func (Dialect) Elements(w *sqlgen.Writer, sql string, keyValues bool) string {
	fn := "expand_elements"
	if keyValues {
		fn = "expand_pairs"
	}
	list := w.Go(fn, value.DynamicType, sqlgen.Operand{SQL: sql, Type: value.DynamicType})
	return "CAST(json_extract(" + list + ", '$[*]') AS VARCHAR[])"
}
