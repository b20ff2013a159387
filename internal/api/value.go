package api

import (
	"math"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// appendRow writes a row as a JSON array. Where dynamicText is set, a dynamic
// value is a string that holds JSON, as Log Analytics has it; otherwise it is
// JSON in its place, as Kusto has it.
func appendRow(b []byte, cols []result.Column, row []any, dynamicText bool) []byte {
	b = append(b, '[')
	for i, v := range row {
		if i > 0 {
			b = append(b, ',')
		}
		if dynamicText && cols[i].Type == value.DynamicType && v != nil {
			b = appendString(b, value.JSON(v))
			continue
		}
		b = appendValue(b, v)
	}
	return append(b, ']')
}

// appendValue writes a value as Kusto's services do: moments with up to seven
// digits, decimals, timespans and guids as strings, reals without a number as
// "NaN", "Infinity" and "-Infinity".
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return appendString(b, value.FormatReal(v))
		}
		return append(b, value.FormatReal(v)...)
	case string:
		return appendString(b, v)
	case value.Datetime:
		return append(v.Time().AppendFormat(append(b, '"'), "2006-01-02T15:04:05.9999999Z"), '"')
	case value.Decimal:
		return appendString(b, v.String())
	}
	return append(b, value.JSON(v)...)
}

// appendString quotes text. Most text needs no escape and is copied.
func appendString(b []byte, s string) []byte {
	if strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e || r == '"' || r == '\\' }) < 0 {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	return append(b, value.JSON(s)...)
}
