package duck

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// maxList is how many values make_list and make_set keep.
const maxList = 1048576

type aggWriter func(w *sqlgen.Writer, a sqlgen.Agg) string

// aggregates are the aggregates in DuckDB's SQL. One that is missing collects
// its values as an array for the Go function of the same name with "_of" behind.
var aggregates = map[string]aggWriter{
	"count":          func(_ *sqlgen.Writer, a sqlgen.Agg) string { return "count(*)" + a.Filter },
	"sum":            sum,
	"avg":            average,
	"min":            extreme("min"),
	"max":            extreme("max"),
	"dcount":         distinctCount,
	"count_distinct": distinctCount,
	"stdev":          spread("stddev_samp"),
	"stdevp":         spread("stddev_pop"),
	"variance":       spread("var_samp"),
	"variancep":      spread("var_pop"),
	"percentile":     percentile,
	"make_list":      makeList(true), "makelist": makeList(true), "make_list_with_nulls": makeList(false),
	"make_set": makeSet, "makeset": makeSet,
	"take_any": takeAny, "any": takeAny,
	"arg_max": argExtreme("arg_max"), "arg_min": argExtreme("arg_min"),
	"binary_all_and": extreme("bit_and"), "binary_all_or": extreme("bit_or"), "binary_all_xor": extreme("bit_xor"),
}

// Aggregate implements [sqlgen.Dialect].
func (Dialect) Aggregate(w *sqlgen.Writer, a sqlgen.Agg) (string, bool) {
	if f, ok := aggregates[a.Name]; ok {
		return f(w, a), true
	}
	if _, ok := funcs.Lookup(a.Name + "_of"); !ok {
		return "", false
	}
	list := sqlgen.Operand{SQL: collect(w, a, true, maxList), Type: value.DynamicType}
	return w.Go(a.Name+"_of", a.Out, append([]sqlgen.Operand{list}, a.Args[1:]...)...), true
}

// sum of nothing is 0, and integers wrap.
func sum(w *sqlgen.Writer, a sqlgen.Agg) string {
	x := a.Args[0]
	switch x.Type {
	case value.RealType:
		return "coalesce(sum(" + x.SQL + ")" + a.Filter + ", 0)"
	case value.DecimalType:
		list := sqlgen.Operand{SQL: collect(w, a, true, maxList), Type: value.DynamicType}
		return w.Go("sum_of", a.Out, list)
	}
	return "kql_wrap(coalesce(sum(" + x.SQL + ")" + a.Filter + ", 0))"
}

// average of nothing is not a number.
func average(_ *sqlgen.Writer, a sqlgen.Agg) string {
	x := a.Args[0]
	n := "count(" + x.SQL + ")" + a.Filter
	switch a.Out {
	case value.DatetimeType, value.TimespanType:
		return "CAST(sum(" + x.SQL + ")" + a.Filter + " // nullif(" + n + ", 0) AS BIGINT)"
	}
	if x.Type == value.RealType {
		return "(coalesce(sum(" + x.SQL + ")" + a.Filter + ", 0) / CAST(" + n + " AS DOUBLE))"
	}
	return "(CAST(kql_wrap(coalesce(sum(" + x.SQL + ")" + a.Filter + ", 0)) AS DOUBLE) / CAST(" + n + " AS DOUBLE))"
}

func extreme(fn string) aggWriter {
	return func(_ *sqlgen.Writer, a sqlgen.Agg) string {
		sql := fn + "(" + a.Args[0].SQL + ")" + a.Filter
		if a.Out == value.StringType {
			return "coalesce(" + sql + ", '')"
		}
		return sql
	}
}

func distinctCount(_ *sqlgen.Writer, a sqlgen.Agg) string {
	return "count(DISTINCT " + a.Args[0].SQL + ")" + a.Filter
}

// spread of one value is 0. DuckDB's functions refuse what is not finite: one
// such value makes the spread NaN.
func spread(fn string) aggWriter {
	return func(_ *sqlgen.Writer, a sqlgen.Agg) string {
		x := a.Args[0].SQL
		return "CASE WHEN coalesce(bool_or(NOT isfinite(" + x + "))" + a.Filter + ", false) THEN CAST('nan' AS DOUBLE) ELSE coalesce(" +
			fn + "(CASE WHEN isfinite(" + x + ") THEN " + x + " END)" + a.Filter + ", 0) END"
	}
}

// percentile is the nearest value that there is.
func percentile(_ *sqlgen.Writer, a sqlgen.Agg) string {
	percent, _ := value.ToReal(a.Args[1].Value)
	return fmt.Sprintf("quantile_disc(%s, %g)%s", a.Args[0].SQL, min(max(percent/100, 0), 1), a.Filter)
}

// collect writes an array of the values as JSON.
func collect(w *sqlgen.Writer, a sqlgen.Agg, skipNull bool, limit int64) string {
	x := asDynamic(w, a.Args[0])
	filter := a.Filter
	switch {
	case skipNull && filter == "":
		filter = " FILTER (WHERE " + x + " IS NOT NULL)"
	case skipNull:
		filter = strings.TrimSuffix(filter, ")") + " AND " + x + " IS NOT NULL)"
	default:
		x = "coalesce(" + x + ", 'null')"
	}
	return fmt.Sprintf("('[' || array_to_string(coalesce(list(%s %s)%s, [])[1:%d], ',') || ']')", x, a.Order, filter, limit)
}

// asDynamic writes a value as JSON text.
func asDynamic(w *sqlgen.Writer, x sqlgen.Operand) string {
	if sql := toDynamic(w, sqlgen.Op{Args: []sqlgen.Operand{x}}); sql != "" {
		return sql
	}
	if x.Type == value.StringType {
		return "CAST(to_json(" + x.SQL + ") AS VARCHAR)"
	}
	return w.Go("todyn", value.DynamicType, x)
}

// listLimit is the second argument, if there is one.
func listLimit(a sqlgen.Agg) int64 {
	if len(a.Args) > 1 {
		if n, ok := a.Args[1].Value.(int64); ok && n >= 0 && n < maxList {
			return n
		}
	}
	return maxList
}

func makeList(skipNull bool) aggWriter {
	return func(w *sqlgen.Writer, a sqlgen.Agg) string { return collect(w, a, skipNull, listLimit(a)) }
}

// makeSet keeps the order of the rows where they have one.
func makeSet(w *sqlgen.Writer, a sqlgen.Agg) string {
	if a.Order == "" {
		a.Args[0].SQL = "DISTINCT " + asDynamic(w, a.Args[0])
		x := strings.TrimPrefix(a.Args[0].SQL, "DISTINCT ")
		filter := " FILTER (WHERE " + x + " IS NOT NULL)"
		if a.Filter != "" {
			filter = strings.TrimSuffix(a.Filter, ")") + " AND " + x + " IS NOT NULL)"
		}
		return fmt.Sprintf("('[' || array_to_string(coalesce(list(%s)%s, [])[1:%d], ',') || ']')", a.Args[0].SQL, filter, listLimit(a))
	}
	all := sqlgen.Operand{SQL: collect(w, a, true, maxList), Type: value.DynamicType}
	limit := listLimit(a)
	return w.Go("make_set_of", value.DynamicType, all, sqlgen.Operand{SQL: w.Arg(limit, "BIGINT"), Type: value.LongType, Const: true, Value: limit})
}

// takeAny gives the first value that is not null, or any without an order.
func takeAny(_ *sqlgen.Writer, a sqlgen.Agg) string {
	x := a.Args[0].SQL
	sql := "any_value(" + x + ")" + a.Filter
	if a.Order != "" {
		filter := " FILTER (WHERE " + x + " IS NOT NULL)"
		if a.Filter != "" {
			filter = strings.TrimSuffix(a.Filter, ")") + " AND " + x + " IS NOT NULL)"
		}
		sql = "first(" + x + " " + a.Order + ")" + filter
	}
	if a.Out == value.StringType {
		return "coalesce(" + sql + ", '')"
	}
	return sql
}

// argExtreme wraps the value, so that one that is null is not passed over, and
// takes any row where all keys are null.
func argExtreme(fn string) aggWriter {
	return func(_ *sqlgen.Writer, a sqlgen.Agg) string {
		x := "struct_pack(v := " + a.Args[0].SQL + ")"
		sql := fmt.Sprintf("struct_extract(coalesce(%s(%s, %s %s)%s, first(%s %s)%s), 'v')", fn, x, a.Args[1].SQL, a.Order, a.Filter, x, a.Order, a.Filter)
		if a.Out == value.StringType {
			return "coalesce(" + sql + ", '')"
		}
		return sql
	}
}
