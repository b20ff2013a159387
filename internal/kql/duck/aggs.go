package duck

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/value"
)

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
	"percentilew":    weightedPercentile,
	"hll":            hll,
	"tdigest":        tdigest,
	"covariance":     together("covar_samp"),
	"covariancep":    together("covar_pop"),
	"make_list":      makeList(true, maxList), "makelist": makeList(true, maxOldList), "make_list_with_nulls": makeList(false, maxList),
	"collect_rows": func(w *sqlgen.Writer, a sqlgen.Agg) string { return collect(w, a, false, maxList) },
	"make_set":     makeSet(maxList), "makeset": makeSet(maxOldList),
	"take_any": takeAny, "any": takeAny,
	"arg_max":        argExtreme("arg_max", "-"),
	"arg_min":        argExtreme("arg_min", ""),
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
func average(w *sqlgen.Writer, a sqlgen.Agg) string {
	x := a.Args[0]
	n := "count(" + x.SQL + ")" + a.Filter
	switch a.Out {
	case value.DecimalType:
		list := sqlgen.Operand{SQL: collect(w, a, true, maxList), Type: value.DynamicType}
		return w.Go("avg_of", a.Out, list)
	case value.DatetimeType, value.TimespanType:
		return "CAST(sum(" + x.SQL + ")" + a.Filter + " // nullif(" + n + ", 0) AS BIGINT)"
	}
	if x.Type == value.RealType {
		return "(coalesce(sum(" + x.SQL + ")" + a.Filter + ", 0) / CAST(" + n + " AS DOUBLE))"
	}
	return "(CAST(kql_wrap(coalesce(sum(" + x.SQL + ")" + a.Filter + ", 0)) AS DOUBLE) / CAST(" + n + " AS DOUBLE))"
}

// extreme of values of which one is not a number is none. DuckDB calls such a
// one the greatest.
func extreme(fn string) aggWriter {
	return func(_ *sqlgen.Writer, a sqlgen.Agg) string {
		x := a.Args[0].SQL
		sql := fn + "(" + x + ")" + a.Filter
		switch {
		case a.Out == value.StringType:
			return "coalesce(" + sql + ", '')"
		case a.Out == value.DecimalType:
			return "arg_" + fn + "(" + x + ", " + Dialect{}.DecimalKey(x) + ")" + a.Filter
		case a.Out == value.RealType && fn == "min":
			return "CASE WHEN coalesce(bool_or(isnan(" + x + "))" + a.Filter + ", false) THEN CAST('nan' AS DOUBLE) ELSE " + sql + " END"
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

// together is a statistic of two values, 0 of a single pair and not a number
// where one of the values is not finite.
func together(fn string) aggWriter {
	return func(_ *sqlgen.Writer, a sqlgen.Agg) string {
		x, y := a.Args[0].SQL, a.Args[1].SQL
		finite := "isfinite(" + x + ") AND isfinite(" + y + ")"
		return "CASE WHEN coalesce(bool_or(NOT (" + finite + "))" + a.Filter + ", false) THEN CAST('nan' AS DOUBLE) ELSE coalesce(" +
			fn + "(CASE WHEN " + finite + " THEN " + x + " END, " + y + ")" + a.Filter + ", 0) END"
	}
}

// percentile is the nearest value that there is.
func percentile(w *sqlgen.Writer, a sqlgen.Agg) string {
	if a.Args[0].Type == value.DecimalType {
		a.Args = []sqlgen.Operand{a.Args[0], {SQL: "1", Type: value.LongType}, a.Args[1]}
		return weightedPercentile(w, a)
	}
	percent, _ := value.ToReal(a.Args[1].Value)
	return fmt.Sprintf("quantile_disc(%s, %g)%s", a.Args[0].SQL, min(max(percent/100, 0), 1), a.Filter)
}

// takeAny gives the first value that is not null, or any without an order.
func takeAny(_ *sqlgen.Writer, a sqlgen.Agg) string {
	x := a.Args[0].SQL
	sql := "any_value(" + x + ")" + a.Filter
	if a.Order != "" {
		sql = "first(" + x + " " + a.Order + ")" + alsoHolds(a.Filter, x+" IS NOT NULL")
	}
	if a.Out == value.StringType {
		return "coalesce(" + sql + ", '')"
	}
	return sql
}

// fractionKey is what decimals and reals are compared by; NaN is below all.
func fractionKey(fn string, key sqlgen.Operand) string {
	switch {
	case key.Type == value.DecimalType:
		return Dialect{}.DecimalKey(key.SQL)
	case key.Type == value.RealType && fn == "arg_min":
		return "CASE WHEN isnan(" + key.SQL + ") THEN CAST('-infinity' AS DOUBLE) ELSE " + key.SQL + " END"
	}
	return key.SQL
}

// beyond are types with room for a number greater than all keys of a type, and
// that number. Moments are less than 2^62 ticks.
var beyond = map[value.Type]struct{ kind, number string }{
	value.BoolType:     {"INTEGER", "2"},
	value.IntType:      {"BIGINT", "9223372036854775807"},
	value.DatetimeType: {"BIGINT", "9223372036854775807"},
	value.LongType:     {"HUGEINT", "170141183460469231731687303715884105727"},
	value.TimespanType: {"HUGEINT", "170141183460469231731687303715884105727"},
}

// argExtreme gives a value of the row with the greatest or least key, also a
// value that is null. Rows without a key count only where no row has one: their
// key stands beyond all others, at the end that the sign says.
func argExtreme(fn, sign string) aggWriter {
	return func(_ *sqlgen.Writer, a sqlgen.Agg) string {
		x, key := a.Args[0].SQL, a.Args[1]
		var sql string
		room, isInteger := beyond[key.Type]
		switch {
		case key.Type == value.StringType, isInteger && key.NeverNull && key.Type != value.BoolType:
			sql = fmt.Sprintf("%s_null(%s, %s %s)%s", fn, x, key.SQL, a.Order, a.Filter)
		case isInteger:
			sql = fmt.Sprintf("%s_null(%s, coalesce(CAST(%s AS %s), %s%s) %s)%s", fn, x, key.SQL, room.kind, sign, room.number, a.Order, a.Filter)
		default:
			x = "struct_pack(v := " + x + ")"
			sql = fmt.Sprintf("struct_extract(coalesce(%s(%s, %s %s)%s, first(%s %s)%s), 'v')", fn, x, fractionKey(fn, key), a.Order, a.Filter, x, a.Order, a.Filter)
		}
		if a.Out == value.StringType {
			return "coalesce(" + sql + ", '')"
		}
		return sql
	}
}
