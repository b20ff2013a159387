package funcs

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "regular expressions", []*Func{
		{Name: "extract", Sig: "regex:string! group:integer source:text type:type?", Doc: "Gives what a group of a regular expression matches, converted to the type if one is given.", Resolve: resolveExtract, Loose: true, Eval: evalExtract},
		{Name: "extract_all", Sig: "regex:string! groups:any source:string?", Returns: value.DynamicType, Doc: "Gives all that a regular expression matches.", Eval: evalExtractAll},
		{Name: "extractall", Hidden: true, Sig: "regex:string! groups:any source:string?", Returns: value.DynamicType, Doc: "Is extract_all.", Eval: evalExtractAll},
		{Name: "replace_regex", Sig: "source:string regex:string! rewrite:string!", Returns: value.StringType, Doc: "Replaces what a regular expression matches; \\1 stands for its first group.", Eval: evalReplaceRegex},
		{Name: "replace", Hidden: true, Sig: "regex:string! rewrite:string! source:string", Returns: value.StringType, Doc: "Is replace_regex with the source last.", Eval: func(c *Call) any {
			return evalReplaceRegex(&Call{Args: []any{c.Args[2], c.Args[0], c.Args[1]}, Types: c.Types})
		}},
		{Name: "trim", Sig: "regex:string! source:string", Returns: value.StringType, Doc: "Takes what a regular expression matches off both ends.", Eval: evalTrim(true, true)},
		{Name: "trim_start", Sig: "regex:string! source:string", Returns: value.StringType, Doc: "Takes what a regular expression matches off the beginning.", Eval: evalTrim(true, false)},
		{Name: "trim_end", Sig: "regex:string! source:string", Returns: value.StringType, Doc: "Takes what a regular expression matches off the end.", Eval: evalTrim(false, true)},
		{Name: "regex_quote", Sig: "text:text", Returns: value.StringType, Doc: "Makes a regular expression that matches the text as it is.", Eval: func(c *Call) any { return regexp.QuoteMeta(c.Str(0)) }},
		{Name: "indexof_regex", Sig: "source:text regex:text! start:integer? length:integer? occurrence:integer?", Returns: value.LongType, Doc: "Gives the place of a match of a regular expression, -1 without one.", Eval: evalIndexOfRegex},
	})
}

func resolveExtract(args []value.Type) ([]value.Type, value.Type, error) {
	want := []value.Type{value.StringType, value.LongType, value.StringType}
	if t := args[0]; t != value.StringType && t != value.Unknown {
		return nil, value.StringType, fmt.Errorf("regex must be a string, not %s", t)
	}
	if len(args) > 3 {
		return append(want, args[3]), args[3], nil
	}
	return want, value.StringType, nil
}

func evalExtract(c *Call) any {
	re := Regex(c.Str(0))
	if re == nil {
		return nil
	}
	m := re.FindStringSubmatch(c.Str(2))
	if g := c.Int(1, 0); g >= 0 && g < int64(len(m)) {
		return value.Convert(m[g], c.Out)
	}
	return nil
}

// evalExtractAll gives an array of matches: the only group of each, or an
// array of its groups.
func evalExtractAll(c *Call) any {
	source, groups := c.Args[len(c.Args)-1], value.Array(nil)
	if len(c.Args) == 3 {
		groups = c.Array(1)
	}
	re := Regex(c.Str(0))
	if re == nil {
		return nil
	}
	picks := groupNumbers(re, groups)
	out := value.Array{}
	most := Room / (element * (re.NumSubexp() + 1))
	matches := re.FindAllStringSubmatch(value.Text(source), most+1)
	if len(matches) > most {
		return ErrMemory
	}
	for _, m := range matches {
		parts := value.Array{}
		for _, g := range picks {
			parts = append(parts, m[g])
		}
		if len(parts) == 1 {
			out = append(out, parts[0])
		} else {
			out = append(out, parts)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func groupNumbers(re *regexp.Regexp, groups value.Array) []int {
	var out []int
	for _, g := range groups {
		n := -1
		switch g := g.(type) {
		case int64:
			n = int(g)
		case string:
			n = re.SubexpIndex(g)
		}
		if n >= 0 && n <= re.NumSubexp() {
			out = append(out, n)
		}
	}
	if groups == nil {
		for g := 1; g <= re.NumSubexp(); g++ {
			out = append(out, g)
		}
		if len(out) == 0 {
			out = []int{0}
		}
	}
	return out
}

func evalReplaceRegex(c *Call) any {
	re := Regex(c.Str(1))
	if re == nil {
		return nil
	}
	s, rewrite := c.Str(0), goTemplate(c.Str(2))
	if fits(len(s)+1, len(rewrite)+len(s)*strings.Count(rewrite, "$")) {
		return re.ReplaceAllString(s, rewrite)
	}
	return replaceLong(re, s, rewrite)
}

// replaceLong is ReplaceAllString that ends where there is no room.
func replaceLong(re *regexp.Regexp, s, rewrite string) any {
	var out []byte
	at := 0
	most := Room / (element * (re.NumSubexp() + 1))
	matches := re.FindAllStringSubmatchIndex(s, most+1)
	for _, m := range matches {
		out = re.ExpandString(append(out, s[at:m[0]]...), rewrite, s, m)
		if at = m[1]; len(out) > Room+len(s) {
			return ErrMemory
		}
	}
	if len(matches) > most {
		return ErrMemory
	}
	return string(append(out, s[at:]...))
}

// goTemplate turns \1 into ${1} and keeps $ as it is.
func goTemplate(rewrite string) string {
	var b strings.Builder
	for i := 0; i < len(rewrite); i++ {
		switch c := rewrite[i]; {
		case c == '$':
			b.WriteString("$$")
		case c == '\\' && i+1 < len(rewrite):
			i++
			if d := rewrite[i]; d >= '0' && d <= '9' {
				b.WriteString("${" + string(d) + "}")
			} else {
				b.WriteByte(d)
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// evalTrim takes one match off each end.
func evalTrim(start, end bool) func(*Call) any {
	return func(c *Call) any {
		s := c.Str(1)
		if re := Regex("^(?:" + c.Str(0) + ")"); start && re != nil {
			if m := re.FindStringIndex(s); m != nil {
				s = s[m[1]:]
			}
		}
		if re := Regex("(?:" + c.Str(0) + ")$"); end && re != nil {
			if m := re.FindStringIndex(s); m != nil {
				s = s[:m[0]]
			}
		}
		return s
	}
}

func evalIndexOfRegex(c *Call) any {
	re := Regex(c.Str(1))
	r := []rune(c.Str(0))
	start, occurrence := min(max(c.Int(2, 0), 0), int64(len(r))), c.Int(4, 1)
	if re == nil || occurrence < 1 || c.Int(2, 0) < 0 || c.Int(3, -1) < -1 {
		return nil
	}
	end := int64(len(r))
	if n := c.Int(3, -1); n >= 0 {
		end = min(end, start+n)
	}
	window := string(r[start:end])
	all := re.FindAllStringIndex(window, int(occurrence))
	if int64(len(all)) < occurrence {
		return int64(-1)
	}
	return start + int64(utf8.RuneCountInString(window[:all[occurrence-1][0]]))
}
