package funcs

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "internal", []*Func{
		{Name: "parse_pattern", Hidden: true, Sig: "text:string pattern:string types:string strict:bool", Returns: value.DynamicType, Doc: "Gives the groups of the pattern of parse as an array.", Eval: evalParsePattern},
		{Name: "parse_kv_pairs", Hidden: true, Sig: "text:string pair:dynamic kv:dynamic quote:dynamic escape:dynamic greedy:dynamic regex:dynamic keys:dynamic", Returns: value.DynamicType, Doc: "Gives the values of the keys of parse-kv as an array.", Eval: evalParseKV},
	})
}

// PatternGroup names the group of the pattern of parse that column i takes; the
// groups that a query's own expressions have do not count.
func PatternGroup(i int) string { return fmt.Sprintf("column%d", i) }

// evalParsePattern is null where the pattern does not match, or, when it is
// strict, where a part is not of its column's type.
func evalParsePattern(c *Call) any {
	re := Regex(c.Str(1))
	if re == nil {
		return nil
	}
	m := re.FindStringSubmatch(c.Str(0))
	if m == nil {
		return nil
	}
	out := value.Array{}
	for i, name := range strings.Fields(c.Str(2)) {
		part := m[re.SubexpIndex(PatternGroup(i))]
		t, _ := value.ParseType(name)
		if c.Args[3] == true && t != value.StringType && value.Convert(part, t) == nil {
			return nil
		}
		out = append(out, part)
	}
	return out
}
