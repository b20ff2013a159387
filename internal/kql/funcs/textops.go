package funcs

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	var ops []*Func
	for _, o := range []struct {
		name, doc string
		match     func(text, part string) bool
	}{
		{"has", "Tells whether the text has the word, whatever its case.", func(s, t string) bool { return HasTerm(strings.ToLower(s), strings.ToLower(t)) }},
		{"has_cs", "Tells whether the text has the word.", HasTerm},
		{"hasprefix", "Tells whether a word of the text begins so, whatever its case.", func(s, t string) bool { return hasPrefix(strings.ToLower(s), strings.ToLower(t)) }},
		{"hasprefix_cs", "Tells whether a word of the text begins so.", hasPrefix},
		{"hassuffix", "Tells whether a word of the text ends so, whatever its case.", func(s, t string) bool { return hasSuffix(strings.ToLower(s), strings.ToLower(t)) }},
		{"hassuffix_cs", "Tells whether a word of the text ends so.", hasSuffix},
		{"contains", "Tells whether the text contains the other, whatever its case.", func(s, t string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(t)) }},
		{"contains_cs", "Tells whether the text contains the other.", strings.Contains},
		{"startswith", "Tells whether the text begins so, whatever its case.", func(s, t string) bool { return strings.HasPrefix(strings.ToLower(s), strings.ToLower(t)) }},
		{"startswith_cs", "Tells whether the text begins so.", strings.HasPrefix},
		{"endswith", "Tells whether the text ends so, whatever its case.", func(s, t string) bool { return strings.HasSuffix(strings.ToLower(s), strings.ToLower(t)) }},
		{"endswith_cs", "Tells whether the text ends so.", strings.HasSuffix},
		{"=~", "Tells whether both texts are equal, whatever their case.", func(s, t string) bool { return foldEqual(s, t) }},
		{"matches regex", "Tells whether the regular expression matches a part of the text.", func(s, t string) bool { re := Regex(t); return re != nil && re.MatchString(s) }},
	} {
		ops = append(ops, &Func{Name: o.name, Sig: "text:stringish part:stringish", Doc: o.doc, Returns: value.BoolType,
			Resolve: resolveText(o.name), Eval: func(c *Call) any { return o.match(c.Text(0), c.Text(1)) }})
	}
	ops = append(ops,
		&Func{Name: "in~", Sig: "text:string values:any*", Doc: "Tells whether the text is one of the values, whatever its case.", Returns: value.BoolType,
			Resolve: resolveTextList("in~"), Loose: true, Eval: evalInFold},
		&Func{Name: "has_any", Sig: "text:string words:any*", Doc: "Tells whether the text has one of the words.", Returns: value.BoolType,
			Resolve: resolveTextList("has_any"), Loose: true, Eval: func(c *Call) any { return hasWords(c, true) }},
		&Func{Name: "has_all", Sig: "text:string words:any*", Doc: "Tells whether the text has all of the words.", Returns: value.BoolType,
			Resolve: resolveTextList("has_all"), Loose: true, Eval: func(c *Call) any { return hasWords(c, false) }},
	)
	register(Operator, "string operators", ops)
}

func resolveText(op string) func([]value.Type) ([]value.Type, value.Type, error) {
	return func(args []value.Type) ([]value.Type, value.Type, error) {
		for _, t := range args {
			if t != value.StringType && t != value.DynamicType && t != value.Unknown {
				return nil, value.BoolType, fmt.Errorf("'%s' is not defined for %s and %s", op, args[0], args[1])
			}
		}
		return []value.Type{value.StringType, value.StringType}, value.BoolType, nil
	}
}

// resolveTextList takes a text and strings or dynamic arrays of strings.
func resolveTextList(op string) func([]value.Type) ([]value.Type, value.Type, error) {
	return func(args []value.Type) ([]value.Type, value.Type, error) {
		want := append([]value.Type(nil), args...)
		for i, t := range args {
			if t != value.StringType && t != value.DynamicType && t != value.Unknown {
				if i == 0 {
					return nil, value.BoolType, fmt.Errorf("'%s' needs a string on its left, not %s", op, t)
				}
				want[i] = value.StringType
			}
		}
		want[0] = value.StringType
		return want, value.BoolType, nil
	}
}

// texts returns the arguments from the second on, arrays unrolled.
func texts(c *Call) []string {
	var out []string
	for i := 1; i < len(c.Args); i++ {
		if list, ok := c.Args[i].(value.Array); ok {
			for _, e := range list {
				out = append(out, value.Text(e))
			}
			continue
		}
		out = append(out, c.Text(i))
	}
	return out
}

func evalInFold(c *Call) any {
	s := strings.ToLower(c.Text(0))
	for _, t := range texts(c) {
		if s == strings.ToLower(t) {
			return true
		}
	}
	return false
}

func hasWords(c *Call, any bool) bool {
	s := strings.ToLower(c.Text(0))
	for _, t := range texts(c) {
		if HasTerm(s, strings.ToLower(t)) == any {
			return any
		}
	}
	return !any
}

// HasTerm tells whether term stands in s with no letter or digit touching it
// at an end where it has one itself.
func HasTerm(s, term string) bool { return findTerm(s, term, true, true) }

func hasPrefix(s, term string) bool { return findTerm(s, term, true, false) }
func hasSuffix(s, term string) bool { return findTerm(s, term, false, true) }

func findTerm(s, term string, left, right bool) bool {
	if term == "" {
		return true
	}
	first, _ := utf8.DecodeRuneInString(term)
	last, _ := utf8.DecodeLastRuneInString(term)
	left, right = left && isTermRune(first), right && isTermRune(last)
	for from := 0; ; {
		i := strings.Index(s[from:], term)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+len(term):])
		touched := left && i > 0 && isTermRune(before) || right && i+len(term) < len(s) && isTermRune(after)
		if !touched {
			return true
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		from = i + n
	}
}

// foldEqual compares lower case: strings.EqualFold has more letters equal than
// Kusto and SQL do, such as the Kelvin sign and k.
func foldEqual(s, t string) bool {
	s, t = strings.ToLower(s), strings.ToLower(t)
	return s == t
}

func isTermRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}
