package plainly

import (
	"math"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	define(map[string]function{
		"iff": loose(choose), "iif": loose(choose), "case": loose(choose),
		"coalesce": loose(func(c call) any {
			for _, v := range c.args {
				if !empty(v) {
					return v
				}
			}
			return nil
		}),
		"isnull":     loose(func(c call) any { return c.args[0] == nil }),
		"isnotnull":  loose(func(c call) any { return c.args[0] != nil }),
		"isempty":    loose(func(c call) any { return empty(c.args[0]) }),
		"isnotempty": loose(func(c call) any { return !empty(c.args[0]) }),
		"isnan":      strict(func(c call) any { return math.IsNaN(c.real(0)) }),
		"isinf":      strict(func(c call) any { return math.IsInf(c.real(0), 0) }),
		"isfinite":   strict(func(c call) any { return !math.IsNaN(c.real(0)) && !math.IsInf(c.real(0), 0) }),
		"max_of":     loose(func(c call) any { return furthest(c, 1) }),
		"min_of":     loose(func(c call) any { return furthest(c, -1) }),

		"tostring":  loose(func(c call) any { return c.textOf(0) }),
		"toint":     loose(converter(value.IntType)),
		"tolong":    loose(converter(value.LongType)),
		"todouble":  loose(converter(value.RealType)),
		"toreal":    loose(converter(value.RealType)),
		"tobool":    loose(converter(value.BoolType)),
		"toboolean": loose(converter(value.BoolType)),
		"todecimal": loose(converter(value.DecimalType)), "toguid": loose(converter(value.GuidType)),
		"todatetime": loose(converter(value.DatetimeType)), "totimespan": loose(converter(value.TimespanType)),
		"todyn":     loose(func(c call) any { return c.args[0] }),
		"todynamic": loose(readJSON), "parse_json": loose(readJSON),
		"gettype": loose(typeName),
	})
}

// choose takes the value behind the first condition that holds.
func choose(c call) any {
	last := len(c.args) - 1
	for i := 0; i < last; i += 2 {
		if c.args[i] == true {
			return c.args[i+1]
		}
	}
	return c.args[last]
}

func empty(v any) bool { return v == nil || v == "" }

// furthest is the greatest (1) or least (-1) argument that is not null.
func furthest(c call, direction int) any {
	var best any
	for _, v := range c.args {
		if v == nil {
			continue
		}
		if order, _ := compare(v, best); best == nil || order*direction > 0 {
			best = v
		}
	}
	return best
}

func converter(to value.Type) func(call) any {
	return func(c call) any { return convert(c.args[0], to) }
}

// convert turns a value into one of another type, null where that cannot be.
// Text is read by the parser of the language.
func convert(v any, to value.Type) any {
	if s, ok := v.(string); ok && to != value.BoolType {
		return value.Convert(s, to)
	}
	switch to {
	case value.BoolType:
		return asBool(v)
	case value.IntType, value.LongType:
		return asInteger(v, to)
	case value.RealType:
		return asReal(v)
	}
	return value.Convert(v, to)
}

func asBool(v any) any {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		s := strings.ToLower(strings.TrimSpace(v))
		if s == "true" || s == "false" {
			return s == "true"
		}
		if n, ok := value.ParseLong(s); ok {
			return n != 0
		}
	case int64, float64:
		f, _ := number(v)
		return f != 0
	}
	return nil
}

// asInteger cuts fractions off; what does not fit is null.
func asInteger(v any, to value.Type) any {
	n, ok := bits(v)
	switch v := v.(type) {
	case bool:
		n, ok = int64(truth(v)), true
	case float64:
		n, ok = int64(v), v > -1<<63 && v < 1<<63
	case value.Decimal:
		n, ok = v.Int()
	}
	switch v.(type) {
	case value.Datetime, value.Timespan:
		if to == value.IntType {
			return int64(int32(n))
		}
	}
	if !ok || to == value.IntType && int64(int32(n)) != n {
		return nil
	}
	return n
}

func asReal(v any) any {
	if f, ok := number(v); ok {
		return f
	}
	if n, ok := asInteger(v, value.LongType).(int64); ok {
		return float64(n)
	}
	return nil
}

// readJSON reads JSON; text that is none stays text, blank text is null.
func readJSON(c call) any {
	s, ok := c.args[0].(string)
	switch {
	case !ok:
		return c.args[0]
	case strings.TrimSpace(s) == "":
		return nil
	}
	if v, ok := value.ParseJSON(s); ok {
		return v
	}
	return s
}

// typeName names the type of a column, or of what a dynamic value holds.
func typeName(c call) any {
	if c.types[0] != value.DynamicType {
		return c.types[0].String()
	}
	switch v := c.args[0].(type) {
	case nil:
		return "null"
	case value.Array:
		return "array"
	case *value.Bag:
		return "dictionary"
	case float64:
		return "double"
	default:
		return value.TypeOf(v).String()
	}
}
