package funcs

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	conversion := func(name string, to value.Type, hidden bool) *Func {
		return &Func{Name: name, Sig: "value:any", Returns: to, Naming: FirstArg, Hidden: hidden, Loose: true,
			Doc:  "Converts a value to " + to.String() + "; null where it cannot be.",
			Eval: func(c *Call) any { return ConvertArg(c, to) }}
	}
	register(Scalar, "conversions", []*Func{
		{Name: "tostring", Sig: "value:any", Returns: value.StringType, Naming: FirstArg, Loose: true, Doc: "Writes a value as text; null is empty.", Eval: func(c *Call) any { return c.Text(0) }},
		conversion("toint", value.IntType, false), conversion("tolong", value.LongType, false),
		conversion("toreal", value.RealType, true), conversion("todouble", value.RealType, false),
		conversion("tobool", value.BoolType, false), conversion("toboolean", value.BoolType, true),
		conversion("todecimal", value.DecimalType, false), conversion("todatetime", value.DatetimeType, false),
		conversion("totimespan", value.TimespanType, false), conversion("totime", value.TimespanType, true), {Name: "toguid", Sig: "value:guidish", Returns: value.GuidType, Naming: FirstArg, Loose: true, Doc: "Converts a text to guid; null where it cannot be.", Eval: func(c *Call) any { return ConvertArg(c, value.GuidType) }},
		{Name: "todynamic", Sig: "value:json", Returns: value.DynamicType, Naming: FirstArg, Loose: true, Doc: "Reads JSON; text that is none stays text.", Eval: evalParseJSON},
		{Name: "parse_json", Sig: "value:json", Returns: value.DynamicType, Naming: FirstArg, Loose: true, Doc: "Reads JSON; text that is none stays text.", Eval: evalParseJSON},
		{Name: "toobject", Hidden: true, Sig: "value:json", Returns: value.DynamicType, Naming: FirstArg, Loose: true, Doc: "Is todynamic.", Eval: evalParseJSON},
		{Name: "parsejson", Hidden: true, Sig: "value:json", Returns: value.DynamicType, Naming: FirstArg, Loose: true, Doc: "Is parse_json.", Eval: evalParseJSON},
		{Name: "todyn", Hidden: true, Sig: "value:any", Returns: value.DynamicType, Loose: true, Doc: "Keeps a value as it is, as dynamic.", Eval: func(c *Call) any { return c.Args[0] }},
		{Name: "gettype", Sig: "value:any", Returns: value.StringType, Naming: PrefixFirstArg, Prefix: "type", Loose: true, Doc: "Names the type of a value, also of what is in a dynamic one.", Eval: evalGetType},
		{Name: "tohex", Sig: "value:integer length:integer?", Returns: value.StringType, Naming: FirstArg, Doc: "Writes an integer in hexadecimal, with zeros in front up to the length, at most 16.", Resolve: resolveToHex, Eval: evalToHex},
		{Name: "dynamic_to_json", Sig: "value:any", Returns: value.StringType, Loose: true, Doc: "Writes a dynamic value as JSON with its keys sorted.", Eval: func(c *Call) any { return value.JSON(sortKeys(c.Args[0])) }},
	})
}

// ConvertArg converts the first argument; a dynamic bool in text is lower case.
func ConvertArg(c *Call, to value.Type) any {
	v := c.Args[0]
	if to == value.StringType {
		return c.Text(0)
	}
	return value.Convert(v, to)
}

func evalParseJSON(c *Call) any {
	s, ok := c.Args[0].(string)
	if !ok {
		return c.Args[0]
	}
	if strings.TrimSpace(s) == "" {
		return nil
	}
	v, ok := value.ParseJSON(s)
	if !ok {
		return s
	}
	return v
}

func evalGetType(c *Call) any {
	if t := c.Types[0]; t != value.DynamicType {
		return t.String()
	}
	switch v := c.Args[0].(type) {
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

// resolveToHex keeps an int, which has half the digits of a long where it is
// below zero.
func resolveToHex(args []value.Type) ([]value.Type, value.Type, error) {
	if t := args[0]; !t.IsInteger() && t != value.Unknown {
		return nil, value.StringType, fmt.Errorf("value must be an integer, not %s", t)
	}
	return append([]value.Type{args[0]}, []value.Type{value.LongType}[:len(args)-1]...), value.StringType, nil
}

func evalToHex(c *Call) any {
	n := uint64(c.Int(0, 0))
	if c.Types[0] == value.IntType {
		n = uint64(uint32(n))
	}
	return fmt.Sprintf("%0*x", int(max(0, min(c.Int(1, 0), 16))), n)
}
