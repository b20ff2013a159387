package duck

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// maxList is how many values make_list and make_set keep, maxOldList how many
// those of their old names do.
const maxList, maxOldList = 1048576, 128

// collect writes an array of the values as JSON.
func collect(w *sqlgen.Writer, a sqlgen.Agg, skipNull bool, limit int64) string {
	x := asDynamic(w, a.Args[0])
	filter := a.Filter
	if skipNull {
		filter = alsoHolds(filter, x+" IS NOT NULL")
	} else {
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
func listLimit(a sqlgen.Agg, limit int64) int64 {
	if len(a.Args) > 1 {
		if n, ok := a.Args[1].Value.(int64); ok && n >= 0 && n < maxList {
			return n
		}
	}
	return limit
}

// makeList leaves null out unless it is asked for. A dynamic null is a value,
// and the elements of arrays become elements of the list.
func makeList(skipNull bool, most int64) aggWriter {
	return func(w *sqlgen.Writer, a sqlgen.Agg) string {
		limit := listLimit(a, most)
		if a.Args[0].Type == value.DynamicType {
			return overDynamics(w, a, "flat_list_of", limit)
		}
		return collect(w, a, skipNull, limit)
	}
}

// overDynamics hands all values, also null, to a function with a limit.
func overDynamics(w *sqlgen.Writer, a sqlgen.Agg, fn string, limit int64) string {
	all := sqlgen.Operand{SQL: collect(w, a, false, maxList), Type: value.DynamicType}
	return w.Go(fn, value.DynamicType, all, sqlgen.Operand{SQL: w.Arg(limit, "BIGINT"), Type: value.LongType, Const: true, Value: limit})
}

// makeSet keeps the order of the rows where they have one.
func makeSet(most int64) aggWriter {
	return func(w *sqlgen.Writer, a sqlgen.Agg) string {
		limit := listLimit(a, most)
		switch {
		case a.Args[0].Type == value.DynamicType:
			return overDynamics(w, a, "flat_set_of", limit)
		case a.Order != "":
			all := sqlgen.Operand{SQL: collect(w, a, true, maxList), Type: value.DynamicType}
			return w.Go("flat_set_of", value.DynamicType, all, sqlgen.Operand{SQL: w.Arg(limit, "BIGINT"), Type: value.LongType, Const: true, Value: limit})
		}
		return distinctList(w, a, limit)
	}
}

// distinctList writes a set of rows without an order. Numbers and strings lose
// their NULL and are written as JSON when they are in the set, once each; two
// values of another type may be one in JSON.
func distinctList(w *sqlgen.Writer, a sqlgen.Agg, limit int64) string {
	element := a.Args[0]
	switch element.Type {
	case value.IntType, value.LongType, value.BoolType, value.StringType:
		set := "coalesce(list(DISTINCT " + element.SQL + ")" + a.Filter + ", [])"
		if !element.NeverNull {
			set = "list_filter(" + set + ", lambda e: e IS NOT NULL)"
		}
		element.SQL, element.Plain = "e", true
		return fmt.Sprintf("('[' || array_to_string(list_transform(%s[1:%d], lambda e: %s), ',') || ']')", set, limit, asDynamic(w, element))
	}
	x := asDynamic(w, element)
	return fmt.Sprintf("('[' || array_to_string(coalesce(list(DISTINCT %s)%s, [])[1:%d], ',') || ']')", x, alsoHolds(a.Filter, x+" IS NOT NULL"), limit)
}

// alsoHolds adds a condition to a filter.
func alsoHolds(filter, condition string) string {
	if filter == "" {
		return " FILTER (WHERE " + condition + ")"
	}
	return strings.TrimSuffix(filter, ")") + " AND " + condition + ")"
}

// weightedPercentile collects pairs of value and weight for a function in Go.
func weightedPercentile(w *sqlgen.Writer, a sqlgen.Agg) string {
	return w.Go("percentilew_of", a.Out, pairs(asDynamic(w, a.Args[0]), a.Args[0].SQL, a.Args[1].SQL, a.Filter), a.Args[2])
}

// pairs collects arrays of a value, which is written as JSON, and its weight.
func pairs(json, x, weight, filter string) sqlgen.Operand {
	sql := fmt.Sprintf("('[' || array_to_string(coalesce(list('[' || %s || ',' || %s || ']')%s, []), ',') || ']')",
		json, weight, alsoHolds(filter, "("+x+") IS NOT NULL AND "+weight+" > 0"))
	return sqlgen.Operand{SQL: sql, Type: value.DynamicType}
}

// tdigest collects the same; moments and timespans are ticks.
func tdigest(w *sqlgen.Writer, a sqlgen.Agg) string {
	x, weight := a.Args[0], "1"
	if x.Type == value.DatetimeType || x.Type == value.TimespanType {
		x.Type = value.LongType
	}
	if len(a.Args) > 1 {
		weight = a.Args[1].SQL
	}
	return w.Go("tdigest_of", a.Out, pairs(asDynamic(w, x), x.SQL, weight, a.Filter))
}

// hll collects the different hashes, as text because JSON's readers cut
// numbers.
func hll(w *sqlgen.Writer, a sqlgen.Agg) string {
	hash := w.Go("hash", value.LongType, a.Args[0])
	return "('[[1024,14],[' || array_to_string(coalesce(list(DISTINCT '\"' || CAST(" + hash + " AS VARCHAR) || '\"')" +
		alsoHolds(a.Filter, "("+a.Args[0].SQL+") IS NOT NULL") + ", []), ',') || '],[]]')"
}
