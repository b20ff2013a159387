package duck

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// writer writes one function or operator; "" where DuckDB has nothing that
// means the same.
type writer func(w *sqlgen.Writer, c sqlgen.Op) string

// writers are the functions that DuckDB computes itself and that are more than
// a template. What is missing here is computed in Go.
var writers = map[string]writer{
	"+": arithmetic("+"), "-": arithmetic("-"), "*": arithmetic("*"), "/": divide, "%": modulo, "negate": negate,
	"iff": caseWhen, "iif": caseWhen, "case": caseWhen, "coalesce": coalesce,
	"isnull": isNull("IS NULL", "FALSE"), "isnotnull": isNull("IS NOT NULL", "TRUE"), "notnull": isNull("IS NOT NULL", "TRUE"),
	"isempty": isEmpty(false), "isnotempty": isEmpty(true), "notempty": isEmpty(true),
	"bin": bin, "floor": bin,
	"contains": textMatch("contains", true), "contains_cs": textMatch("contains", false),
	"startswith": textMatch("starts_with", true), "startswith_cs": textMatch("starts_with", false),
	"endswith": textMatch("ends_with", true), "endswith_cs": textMatch("ends_with", false), "=~": equalFold, "in~": inFold,
	"toint": toInteger, "tolong": toInteger, "todouble": toReal, "toreal": toReal, "tostring": toText, "todyn": toDynamic,
	"startofday": startOf(int64(value.Day)),
}

// Call implements [sqlgen.Dialect].
func (Dialect) Call(w *sqlgen.Writer, c sqlgen.Op) (string, bool) {
	f, ok := writers[c.Name]
	if !ok {
		return "", false
	}
	sql := f(w, c)
	return sql, sql != ""
}

// plainNumber tells the types that SQL calculates with as Kusto does.
func plainNumber(t value.Type) bool {
	return t == value.LongType || t == value.RealType || t == value.TimespanType || t == value.DatetimeType || t == value.IntType
}

func arithmetic(op string) writer {
	return func(_ *sqlgen.Writer, c sqlgen.Op) string {
		x, y := c.Args[0], c.Args[1]
		if !plainNumber(x.Type) || !plainNumber(y.Type) || c.Out == value.TimespanType && (x.Type == value.RealType || y.Type == value.RealType) {
			return ""
		}
		return "(" + x.SQL + " " + op + " " + y.SQL + ")"
	}
}

func divide(_ *sqlgen.Writer, c sqlgen.Op) string {
	x, y := c.Args[0], c.Args[1]
	switch {
	case c.Out == value.LongType && y.Const && y.Value != nil && y.Value.(int64) > 0:
		return "(" + x.SQL + " // " + y.SQL + ")"
	case x.Type == value.RealType && y.Type == value.RealType, x.Type == value.TimespanType && y.Type == value.TimespanType:
		return "(CAST(" + x.SQL + " AS DOUBLE) / CAST(" + y.SQL + " AS DOUBLE))"
	}
	return ""
}

// modulo of a positive constant is made non-negative.
func modulo(_ *sqlgen.Writer, c sqlgen.Op) string {
	if y := c.Args[1]; c.Out == value.LongType && y.Const && y.Value != nil && y.Value.(int64) > 0 {
		return "(((" + c.Args[0].SQL + " % " + y.SQL + ") + " + y.SQL + ") % " + y.SQL + ")"
	}
	return ""
}

func negate(_ *sqlgen.Writer, c sqlgen.Op) string {
	if !plainNumber(c.Out) {
		return ""
	}
	return "(-" + c.Args[0].SQL + ")"
}

func caseWhen(_ *sqlgen.Writer, c sqlgen.Op) string {
	var b strings.Builder
	b.WriteString("CASE")
	last := len(c.Args) - 1
	for i := 0; i+1 <= last; i += 2 {
		b.WriteString(" WHEN " + c.Args[i].SQL + " THEN " + c.Args[i+1].SQL)
	}
	return b.String() + " ELSE " + c.Args[last].SQL + " END"
}

func coalesce(_ *sqlgen.Writer, c sqlgen.Op) string {
	if c.Out == value.DynamicType {
		return ""
	}
	var parts []string
	for _, a := range c.Args {
		if c.Out == value.StringType {
			a.SQL = "nullif(" + a.SQL + ", '')"
		}
		parts = append(parts, a.SQL)
	}
	if c.Out == value.StringType {
		parts = append(parts, "''")
	}
	return "coalesce(" + strings.Join(parts, ", ") + ")"
}

// isNull tests for null, which strings never are.
func isNull(test, ofString string) writer {
	return func(_ *sqlgen.Writer, c sqlgen.Op) string {
		if c.Args[0].Type == value.StringType {
			return ofString
		}
		return "(" + c.Args[0].SQL + " " + test + ")"
	}
}

func isEmpty(not bool) writer {
	return func(_ *sqlgen.Writer, c sqlgen.Op) string {
		a := c.Args[0]
		test := a.SQL + " IS NULL"
		if a.Type == value.StringType {
			test = a.SQL + " = ''"
		}
		if a.Type == value.DynamicType {
			test = "coalesce(" + a.SQL + ", '\"\"') = '\"\"'"
		}
		if not {
			return "(NOT (" + test + "))"
		}
		return "(" + test + ")"
	}
}

// bin rounds down to a constant multiple.
func bin(_ *sqlgen.Writer, c sqlgen.Op) string {
	x, size := c.Args[0], c.Args[1]
	if !size.Const || size.Value == nil {
		return ""
	}
	if c.Out == value.RealType {
		if f, _ := value.ToReal(size.Value); f > 0 {
			return fmt.Sprintf("(floor(%s / %s) * %s)", x.SQL, size.SQL, size.SQL)
		}
		return ""
	}
	n, _ := value.Convert(size.Value, value.LongType).(int64)
	switch {
	case n <= 0 || c.Out == value.DecimalType:
		return ""
	case c.Out == value.DatetimeType:
		return fmt.Sprintf("((%s // %s) * %s)", x.SQL, size.SQL, size.SQL)
	case x.Plain:
		return fmt.Sprintf("(%s - ((%s %% %s) + %s) %% %s)", x.SQL, x.SQL, size.SQL, size.SQL, size.SQL)
	}
	return ""
}

func startOf(length int64) writer {
	n := strconv.FormatInt(length, 10)
	return func(_ *sqlgen.Writer, c sqlgen.Op) string {
		if len(c.Args) > 1 {
			return ""
		}
		return "((" + c.Args[0].SQL + " // " + n + ") * " + n + ")"
	}
}
