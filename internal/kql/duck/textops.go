package duck

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// textMatch writes contains and its like.
func textMatch(fn string, fold bool) writer {
	return func(w *sqlgen.Writer, c sqlgen.Op) string {
		text, part := c.Args[0].SQL, c.Args[1].SQL
		if fold {
			text, part = "lower("+text+")", lowered(w, c.Args[1])
		}
		return fn + "(" + text + ", " + part + ")"
	}
}

// lowered is an operand in lower case, a constant one at once.
func lowered(w *sqlgen.Writer, a sqlgen.Operand) string {
	if s, ok := a.Value.(string); a.Const && ok {
		return w.Arg(strings.ToLower(s), "VARCHAR")
	}
	return "lower(" + a.SQL + ")"
}

func equalFold(w *sqlgen.Writer, c sqlgen.Op) string {
	return "(lower(" + c.Args[0].SQL + ") = " + lowered(w, c.Args[1]) + ")"
}

// inFold writes in~ with constants.
func inFold(w *sqlgen.Writer, c sqlgen.Op) string {
	var list []string
	for _, a := range c.Args[1:] {
		if !a.Const || a.Type != value.StringType {
			return ""
		}
		list = append(list, lowered(w, a))
	}
	if len(list) == 0 {
		return "FALSE"
	}
	return "(lower(" + c.Args[0].SQL + ") IN (" + strings.Join(list, ", ") + "))"
}

// toInteger converts what SQL converts as Kusto does: integers, bools, times.
func toInteger(_ *sqlgen.Writer, c sqlgen.Op) string {
	switch c.Args[0].Type {
	case value.DatetimeType, value.TimespanType:
		if c.Out == value.IntType {
			return ""
		}
		fallthrough
	case value.IntType, value.LongType, value.BoolType:
		return "TRY_CAST(" + c.Args[0].SQL + " AS " + sqlTypes[c.Out] + ")"
	}
	return ""
}

func toReal(_ *sqlgen.Writer, c sqlgen.Op) string {
	switch c.Args[0].Type {
	case value.IntType, value.LongType, value.BoolType, value.DatetimeType, value.TimespanType, value.RealType:
		return "CAST(" + c.Args[0].SQL + " AS DOUBLE)"
	}
	return ""
}

func toText(_ *sqlgen.Writer, c sqlgen.Op) string {
	sql := c.Args[0].SQL
	switch c.Args[0].Type {
	case value.StringType:
		return sql
	case value.IntType, value.LongType, value.GuidType, value.DecimalType:
		if c.Args[0].NeverNull {
			return "CAST(" + sql + " AS VARCHAR)"
		}
		return "coalesce(CAST(" + sql + " AS VARCHAR), '')"
	case value.BoolType:
		return "CASE " + sql + " WHEN TRUE THEN 'True' WHEN FALSE THEN 'False' ELSE '' END"
	}
	return ""
}

// toDynamic writes a value as JSON text.
func toDynamic(_ *sqlgen.Writer, c sqlgen.Op) string {
	sql := c.Args[0].SQL
	switch c.Args[0].Type {
	case value.DynamicType:
		return sql
	case value.IntType, value.LongType, value.BoolType:
		return "CAST(" + sql + " AS VARCHAR)"
	case value.GuidType, value.DecimalType:
		return "CAST(to_json(" + sql + ") AS VARCHAR)"
	}
	return ""
}
