package funcs

import (
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "text", []*Func{
		{Name: "strlen", Sig: "text:stringish", Returns: value.LongType, Naming: PrefixFirstArg, Prefix: "strlen", Doc: "Counts the characters of a text.", Eval: func(c *Call) any { return int64(utf8.RuneCountInString(c.Str(0))) }, SQL: "length({1})"},
		{Name: "string_size", Sig: "text:stringish", Returns: value.LongType, Naming: PrefixFirstArg, Prefix: "string_size", Doc: "Counts the bytes of a text in UTF-8.", Eval: func(c *Call) any { return int64(len(c.Str(0))) }, SQL: "strlen({1})"},
		{Name: "tolower", Sig: "text:text", Returns: value.StringType, Doc: "Writes a text in lower case.", Eval: func(c *Call) any { return strings.ToLower(c.Str(0)) }, SQL: "lower({1})"},
		{Name: "toupper", Sig: "text:text", Returns: value.StringType, Doc: "Writes a text in upper case.", Eval: func(c *Call) any { return strings.ToUpper(c.Str(0)) }, SQL: "upper({1})"},
		{Name: "strcat", Sig: "value:text*", Returns: value.StringType, Doc: "Joins its arguments, written as text.", Eval: func(c *Call) any { return strings.Join(allText(c, 0), "") }, SQL: "concat({*})"},
		{Name: "strcat_delim", Sig: "delimiter:text value:text other:text*", Returns: value.StringType, Doc: "Joins its arguments with a delimiter between.", Eval: func(c *Call) any { return join(allText(c, 1), c.Str(0)) }},
		{Name: "strrep", Sig: "value:text times:integer delimiter:text?", Returns: value.StringType, Doc: "Repeats a text, at most 1,024 times.", Eval: evalRepeat},
		{Name: "strcmp", Sig: "a:text b:text", Returns: value.LongType, Doc: "Compares two texts: -1, 0 or 1.", Eval: func(c *Call) any { return int64(strings.Compare(c.Str(0), c.Str(1))) }},
		{Name: "substring", Sig: "source:text start:integer length:integer?", Returns: value.StringType, Doc: "Gives a part of a text; a negative start counts from its end.", Eval: evalSubstring},
		{Name: "reverse", Sig: "value:text", Returns: value.StringType, Doc: "Writes a text backwards.", Eval: evalReverse},
		{Name: "indexof", Sig: "source:text lookup:text start:integer? length:integer? occurrence:integer?", Returns: value.LongType, Doc: "Gives the place of a text in another, -1 where it is not.", Eval: evalIndexOf},
		{Name: "countof", Sig: "source:string search:string kind:string?", Returns: value.LongType, Doc: "Counts how often a text, or a regular expression, is found.", Eval: evalCountOf},
		{Name: "replace_string", Sig: "text:string lookup:string rewrite:string", Returns: value.StringType, Doc: "Replaces each occurrence of a text.", Eval: func(c *Call) any {
			if c.Str(1) == "" {
				return c.Str(0)
			}
			if !fits(strings.Count(c.Str(0), c.Str(1)), len(c.Str(2))-len(c.Str(1))) {
				return ErrMemory
			}
			return strings.ReplaceAll(c.Str(0), c.Str(1), c.Str(2))
		}, SQL: "replace({1}, {2}, {3})"},
		{Name: "replace_strings", Sig: "text:string lookups:array rewrites:array", Returns: value.StringType, Doc: "Replaces each of several texts by its counterpart.", Eval: evalReplaceStrings},
		{Name: "split", Sig: "source:text delimiter:string index:integer?", Returns: value.DynamicType, Naming: FirstArg, Doc: "Cuts a text at a delimiter into an array.", Eval: evalSplit},
		{Name: "translate", Sig: "from:string to:string source:string", Returns: value.StringType, Doc: "Replaces each character of a set by its counterpart in another.", Eval: evalTranslate},
		{Name: "isascii", Sig: "value:text", Returns: value.BoolType, Doc: "Tells whether a text is ASCII only.", Eval: func(c *Call) any {
			return strings.IndexFunc(c.Str(0), func(r rune) bool { return r >= utf8.RuneSelf }) < 0
		}},
		{Name: "isutf8", Sig: "value:text", Returns: value.BoolType, Doc: "Tells whether a text is valid UTF-8.", Eval: func(c *Call) any { return utf8.ValidString(c.Str(0)) }},
		{Name: "unicode_codepoints_from_string", Sig: "value:text", Returns: value.DynamicType, Doc: "Gives the code points of a text.", Eval: evalCodepoints},
		{Name: "to_utf8", Hidden: true, Sig: "value:text", Returns: value.DynamicType, Doc: "Is unicode_codepoints_from_string.", Eval: evalCodepoints},
		{Name: "unicode_codepoints_to_string", Sig: "codepoint:any*", Returns: value.StringType, Doc: "Makes a text of code points or arrays of them.", Eval: evalFromCodepoints},
		{Name: "make_string", Hidden: true, Sig: "codepoint:any*", Returns: value.StringType, Doc: "Is unicode_codepoints_to_string.", Eval: evalFromCodepoints},
		{Name: "has_any_index", Sig: "source:stringish values:array", Returns: value.LongType, Doc: "Gives the place of the first value that the text has, -1 without one.", Eval: evalHasAnyIndex},
	})
}

func allText(c *Call, from int) []string {
	out := make([]string, 0, len(c.Args))
	for i := from; i < len(c.Args); i++ {
		out = append(out, c.Text(i))
	}
	return out
}

// join joins texts that fit themselves.
func join(parts []string, delimiter string) any {
	if !fits(len(parts)-1, len(delimiter)) {
		return ErrMemory
	}
	return strings.Join(parts, delimiter)
}

func evalRepeat(c *Call) any {
	n := int(max(0, min(c.Int(1, 0), 1024)))
	if !fits(n, len(c.Str(0))) {
		return ErrMemory
	}
	parts := make([]string, n)
	for i := range parts {
		parts[i] = c.Str(0)
	}
	return join(parts, c.Str(2))
}

func evalSubstring(c *Call) any {
	r := []rune(c.Str(0))
	n := int64(len(r))
	start := c.Int(1, 0)
	if start < 0 {
		start += n
	}
	if start < 0 || start > n {
		return ""
	}
	length := min(max(c.Int(2, n), 0), n-start)
	return string(r[start : start+length])
}

func evalReverse(c *Call) any {
	r := []rune(c.Str(0))
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
	return string(r)
}

// evalIndexOf finds the n-th occurrence. Each search goes over as many
// characters as the length says, from behind the occurrence before.
func evalIndexOf(c *Call) any {
	r, lookup := []rune(c.Str(0)), []rune(c.Str(1))
	start, length, occurrence := c.Int(2, 0), c.Int(3, -1), c.Int(4, 1)
	if len(lookup) == 0 || occurrence < 1 || length < -1 {
		return nil
	}
	n := int64(len(r))
	if start < 0 {
		start = max(0, n+start)
	}
	for ; ; start++ {
		end := n
		if length >= 0 {
			end = min(n, start+length)
		}
		if start >= end {
			return int64(-1)
		}
		at := strings.Index(string(r[start:end]), string(lookup))
		if at < 0 {
			return int64(-1)
		}
		start += int64(utf8.RuneCountInString(string(r[start:end])[:at]))
		if occurrence--; occurrence == 0 {
			return start
		}
	}
}

func evalCountOf(c *Call) any {
	s, search := c.Str(0), c.Str(1)
	if search == "" {
		return int64(0)
	}
	if c.Str(2) == "regex" {
		if re := Regex(search); re != nil {
			return int64(len(re.FindAllStringIndex(s, -1)))
		}
		return nil
	}
	n := int64(0)
	for i := strings.Index(s, search); i >= 0; i = strings.Index(s, search) {
		n++
		s = s[i+1:]
	}
	return n
}

// evalSplit gives all parts, or an array of the one asked for, null where it is
// missing.
func evalSplit(c *Call) any {
	parts := []string{c.Str(0)}
	if c.Str(1) != "" {
		if !fits(strings.Count(c.Str(0), c.Str(1)), element) {
			return ErrMemory
		}
		parts = strings.Split(c.Str(0), c.Str(1))
	}
	if len(c.Args) > 2 {
		i := c.Int(2, 0)
		if i < 0 || i >= int64(len(parts)) {
			return nil
		}
		parts = parts[i : i+1]
	}
	out := value.Array{}
	for _, p := range parts {
		out = append(out, p)
	}
	return out
}

func evalTranslate(c *Call) any {
	from, to := []rune(c.Str(0)), []rune(c.Str(1))
	if len(to) == 0 {
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune(c.Str(0), r) {
				return -1
			}
			return r
		}, c.Str(2))
	}
	set := map[rune]rune{}
	for i, r := range from {
		if _, ok := set[r]; !ok {
			set[r] = to[min(i, len(to)-1)]
		}
	}
	return strings.Map(func(r rune) rune {
		if t, ok := set[r]; ok {
			return t
		}
		return r
	}, c.Str(2))
}

func evalCodepoints(c *Call) any {
	if !fits(utf8.RuneCountInString(c.Str(0)), element) {
		return ErrMemory
	}
	out := value.Array{}
	for _, r := range c.Str(0) {
		out = append(out, int64(r))
	}
	return out
}

func evalFromCodepoints(c *Call) any {
	var b strings.Builder
	for i, v := range c.Args {
		list, ok := v.(value.Array)
		if !ok {
			list = value.Array{c.Args[i]}
		}
		for _, e := range list {
			if n, ok := e.(int64); ok && n >= 0 && n <= utf8.MaxRune {
				b.WriteRune(rune(n))
			}
		}
	}
	return b.String()
}

func evalHasAnyIndex(c *Call) any {
	s := strings.ToLower(c.Str(0))
	for i, v := range c.Array(1) {
		if HasTerm(s, strings.ToLower(value.Text(v))) {
			return int64(i)
		}
	}
	return int64(-1)
}
