package value

import (
	"math"
	"strconv"
	"strings"
)

// Text writes a value as tostring does; null is the empty string.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return FormatReal(v)
	case Decimal:
		return v.String()
	case string:
		return v
	case Datetime:
		return v.String()
	case Timespan:
		return v.String()
	case Guid:
		return string(v)
	}
	return JSON(v)
}

// Convert turns a value into another type as toint, todatetime and their like
// do: null where it cannot be done. Strings are read, reals are cut, moments
// and timespans count in ticks.
func Convert(v any, to Type) any {
	if v == nil {
		if to == StringType {
			return ""
		}
		return nil
	}
	switch to {
	case StringType:
		return Text(v)
	case BoolType:
		return toBool(v)
	case IntType:
		n, ok := toLong(v).(int64)
		if ok && isTicks(v) { // lengths of time and moments lose their upper bits
			return int64(int32(n))
		}
		if !ok || n < math.MinInt32 || n > math.MaxInt32 {
			return nil
		}
		return n
	case LongType:
		return toLong(v)
	case RealType:
		return toReal(v)
	case DecimalType:
		return toDecimal(v)
	case DatetimeType:
		return toDatetime(v)
	case TimespanType:
		return toTimespan(v)
	case GuidType:
		return toGuid(v)
	}
	return v
}

func isTicks(v any) bool {
	switch v.(type) {
	case Datetime, Timespan:
		return true
	}
	return false
}

func toBool(v any) any {
	switch v := v.(type) {
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true":
			return true
		case "false":
			return false
		}
		if n, ok := ParseLong(v); ok {
			return n != 0
		}
	}
	return nil
}

func toLong(v any) any {
	switch v := v.(type) {
	case int64:
		return v
	case bool:
		return int64(bit(v))
	case float64:
		if math.IsNaN(v) || v >= math.MaxInt64 || v <= math.MinInt64 {
			return nil
		}
		return int64(v)
	case Decimal:
		if n, ok := v.Int(); ok {
			return n
		}
	case Datetime:
		return int64(v)
	case Timespan:
		return int64(v)
	case string:
		if n, ok := ParseLong(v); ok {
			return n
		}
	}
	return nil
}

func toReal(v any) any {
	switch v := v.(type) {
	case bool:
		return float64(bit(v))
	case Datetime:
		return float64(v)
	case Timespan:
		return float64(v)
	case string:
		if f, ok := ParseReal(v); ok {
			return f
		}
		return nil
	}
	if f, ok := ToReal(v); ok {
		return f
	}
	return nil
}

func toDecimal(v any) any {
	switch v := v.(type) {
	case bool:
		return NewDecimal(int64(bit(v)))
	case string:
		if d, ok := ParseDecimal(v); ok {
			return d
		}
		return nil
	}
	if d, ok := ToDecimal(v); ok {
		return d
	}
	return nil
}

func toDatetime(v any) any {
	switch v := v.(type) {
	case Datetime:
		return v
	case int64:
		if Datetime(v).Valid() {
			return Datetime(v)
		}
	case string:
		if d, ok := ParseDatetime(v); ok {
			return d
		}
	}
	return nil
}

func toTimespan(v any) any {
	switch v := v.(type) {
	case Timespan:
		return v
	case int64:
		return Timespan(v)
	case float64:
		return Timespan(v * float64(Day))
	case string:
		if t, ok := ParseTimespan(v); ok {
			return t
		}
	}
	return nil
}

func toGuid(v any) any {
	switch v := v.(type) {
	case Guid:
		return v
	case string:
		if g, ok := ParseGuid(v); ok {
			return g
		}
	}
	return nil
}
