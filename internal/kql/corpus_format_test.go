package kql_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// readSemantics reads a case of semantics.jsonl.
func readSemantics(line []byte) (corpusCase, error) {
	var in struct {
		ID, Family, KQL string
		Kusto           struct {
			Columns, SampleRows []string
			RowCount            int
			Error               string
		}
	}
	err := json.Unmarshal(line, &in)
	c := corpusCase{id: in.ID, family: in.Family, query: in.KQL, refused: in.Kusto.Error != "", columns: in.Kusto.Columns,
		rowCount: in.Kusto.RowCount, rows: in.Kusto.SampleRows, format: semanticsFormat}
	if c.columns == nil {
		c.columns = []string{}
	}
	return c, err
}

var semanticsTypes = map[value.Type]string{value.BoolType: "Bool", value.IntType: "Int", value.LongType: "Int", value.RealType: "Real",
	value.DecimalType: "Real", value.StringType: "String", value.DatetimeType: "DateTime", value.TimespanType: "TimeSpan",
	value.GuidType: "Guid", value.DynamicType: "Dynamic"}

// semanticsFormat writes a value as the file does; without one, the type.
func semanticsFormat(c result.Column, v *any) string {
	if v == nil {
		return semanticsTypes[c.Type]
	}
	if c.Type == value.DynamicType {
		return indentJSON(*v, "")
	}
	switch x := (*v).(type) {
	case nil:
		return "null"
	case string:
		return "'" + x + "'"
	case value.Guid:
		return "'" + string(x) + "'"
	case float64:
		return plainReal(x)
	case value.Decimal:
		return plainReal(x.Float())
	}
	return value.Text(*v)
}

func plainReal(f float64) string {
	if f == 0 && math.Signbit(f) {
		return "-0"
	}
	return strings.TrimSuffix(value.FormatReal(f), ".0")
}

// indentJSON writes JSON with an indent of two.
func indentJSON(v any, pad string) string {
	var parts []string
	open, end := "[", "]"
	switch x := v.(type) {
	case value.Array:
		for _, e := range x {
			parts = append(parts, pad+"  "+indentJSON(e, pad+"  "))
		}
	case *value.Bag:
		open, end = "{", "}"
		for _, k := range x.Keys {
			e, _ := x.Get(k)
			parts = append(parts, pad+"  "+value.JSON(k)+": "+indentJSON(e, pad+"  "))
		}
	default:
		return value.JSON(v)
	}
	if len(parts) == 0 {
		return open + end
	}
	return open + "\n" + strings.Join(parts, ",\n") + "\n" + pad + end
}

// readDocumentation reads a case of documentation-examples.jsonl.
func readDocumentation(line []byte) (corpusCase, error) {
	var in struct {
		ID, KQL  string
		Expected struct {
			Columns, Column_types []string
			Rows                  [][]json.RawMessage
		}
	}
	err := json.Unmarshal(line, &in)
	c := corpusCase{id: in.ID, query: in.KQL, rowCount: len(in.Expected.Rows), format: documentationFormat, columns: []string{}}
	for i, name := range in.Expected.Columns {
		c.columns = append(c.columns, name+":"+in.Expected.Column_types[i])
	}
	for _, row := range in.Expected.Rows {
		var parts []string
		for i, raw := range row {
			parts = append(parts, canonicalValue(in.Expected.Column_types[i], raw))
		}
		c.cells = append(c.cells, parts)
	}
	c.rows = joinRows(c.cells)
	return c, err
}

var documentationTypes = map[value.Type]string{value.BoolType: "SByte", value.IntType: "Int32", value.LongType: "Int64", value.RealType: "Double",
	value.DecimalType: "SqlDecimal", value.StringType: "String", value.DatetimeType: "DateTime", value.TimespanType: "TimeSpan",
	value.GuidType: "Guid", value.DynamicType: "Object"}

// canonicalValue writes an expected value as documentationFormat does.
func canonicalValue(kind string, raw json.RawMessage) string {
	v, _ := value.ParseJSON(string(raw))
	s, isText := v.(string)
	switch {
	case v == nil:
		return "null"
	case kind == "DateTime" && isText:
		if d, ok := value.ParseDatetime(s); ok {
			return d.String()
		}
	case kind == "TimeSpan" && isText:
		if t, ok := value.ParseTimespan(s); ok {
			return t.String()
		}
	case kind == "Object":
		if parsed, ok := value.ParseJSON(s); isText && ok {
			v = parsed
		}
		return plainJSON(v)
	case kind == "Double" || kind == "SqlDecimal":
		if f, ok := value.Convert(v, value.RealType).(float64); ok {
			return plainReal(f)
		}
	case kind == "String" || kind == "Guid":
		return "'" + s + "'"
	}
	return fmt.Sprint(v)
}

// documentationFormat writes a value for comparison; without one, the type.
func documentationFormat(c result.Column, v *any) string {
	if v == nil {
		return documentationTypes[c.Type]
	}
	if c.Type == value.DynamicType {
		if s, ok := (*v).(string); ok {
			if parsed, ok := value.ParseJSON(s); ok {
				return plainJSON(parsed)
			}
		}
		return plainJSON(*v)
	}
	if b, ok := (*v).(bool); ok {
		return fmt.Sprint(b)
	}
	return semanticsFormat(c, v)
}

// plainJSON writes JSON in which 1 and 1.0 are the same.
func plainJSON(v any) string {
	switch x := v.(type) {
	case value.Array:
		var parts []string
		for _, e := range x {
			parts = append(parts, plainJSON(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case *value.Bag:
		var parts []string
		for _, k := range x.Keys {
			e, _ := x.Get(k)
			parts = append(parts, value.JSON(k)+":"+plainJSON(e))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case float64:
		return plainReal(x)
	}
	return value.JSON(v)
}
