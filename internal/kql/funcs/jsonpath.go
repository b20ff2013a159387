package funcs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	doc := "Gives what a path such as $.a[0].b finds in a text of JSON, converted to the type if one is given."
	register(Scalar, "parsing", []*Func{
		{Name: "extract_json", Sig: "path:string! json:stringish type:type?", Doc: doc, Resolve: resolveExtractJSON, Loose: true, Eval: evalExtractJSON},
		{Name: "extractjson", Hidden: true, Sig: "path:string! json:stringish type:type?", Doc: "Is extract_json.", Resolve: resolveExtractJSON, Loose: true, Eval: evalExtractJSON},
	})
}

func resolveExtractJSON(args []value.Type) ([]value.Type, value.Type, error) {
	want := []value.Type{value.StringType, value.StringType}
	for i, t := range args[:2] {
		if t != value.StringType && t != value.Unknown && (i == 0 || t != value.DynamicType) {
			return nil, value.StringType, fmt.Errorf("path and JSON must be strings, not %s", t)
		}
	}
	if len(args) > 2 {
		return append(want, args[2]), args[2], nil
	}
	return want, value.StringType, nil
}

func evalExtractJSON(c *Call) any {
	steps, ok := jsonSteps(c.Str(0))
	v, isJSON := value.ParseJSON(c.Str(1))
	if !ok || !isJSON {
		return nil
	}
	for _, s := range steps {
		v = evalElement(&Call{Args: []any{v, s}, Types: []value.Type{value.DynamicType, value.TypeOf(s)}})
	}
	if b, isBool := v.(bool); isBool && c.Out == value.StringType {
		return strconv.FormatBool(b)
	}
	return value.Convert(v, c.Out)
}

// jsonSteps cuts a path into keys and indexes: $.key, ['key'] and [0]. There
// are no wildcards.
func jsonSteps(path string) (steps []any, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimSpace(path), "$")
	for ok && rest != "" {
		var inner string
		switch rest[0] {
		case '.':
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			inner, rest = rest[1:end+1], rest[end+1:]
			steps, ok = append(steps, inner), inner != ""
		case '[':
			if inner, rest, ok = strings.Cut(rest[1:], "]"); !ok {
				return nil, false
			}
			if n, err := strconv.ParseInt(inner, 10, 64); err == nil {
				steps = append(steps, n)
				continue
			}
			key := strings.Trim(inner, `'"`)
			steps, ok = append(steps, key), len(key) == len(inner)-2
		default:
			return nil, false
		}
	}
	return steps, ok
}
