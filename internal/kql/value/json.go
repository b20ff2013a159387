package value

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// JSON writes a value as compact JSON, as tostring of a dynamic value does:
// decimals, moments and guids as strings, reals with a point.
func JSON(v any) string {
	var b strings.Builder
	writeJSON(&b, v)
	return b.String()
}

func writeJSON(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		writeReal(b, v)
	case string:
		writeString(b, v)
	case Array:
		b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, e)
		}
		b.WriteByte(']')
	case *Bag:
		b.WriteByte('{')
		for i, k := range v.Keys {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, k)
			b.WriteByte(':')
			writeJSON(b, v.values[k])
		}
		b.WriteByte('}')
	default: // decimals, guids and times, which JSON lacks
		writeString(b, Text(v))
	}
}

func writeReal(b *strings.Builder, f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		b.WriteString(`"` + FormatReal(f) + `"`)
		return
	}
	b.WriteString(FormatReal(f))
}

func writeString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < 0x20:
			b.WriteString(`\u00` + string("0123456789abcdef"[r>>4]) + string("0123456789abcdef"[r&15]))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// Decode reads the text of a dynamic value; what is not JSON is a string.
func Decode(text string) any {
	v, ok := ParseJSON(text)
	if !ok {
		return text
	}
	return v
}

// ParseJSON reads JSON, keeping the order of keys, whole numbers as int64 and
// others as float64. ok is false when the text is not JSON.
func ParseJSON(text string) (v any, ok bool) {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	v, err := readJSON(dec, 0)
	if err != nil {
		return nil, false
	}
	if dec.More() || strings.TrimSpace(text[dec.InputOffset():]) != "" {
		return nil, false
	}
	return v, true
}
