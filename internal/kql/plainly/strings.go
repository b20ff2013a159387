package plainly

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	define(map[string]function{
		"strlen":      strict(func(c call) any { return int64(len([]rune(c.textOf(0)))) }),
		"string_size": strict(func(c call) any { return int64(len(c.textOf(0))) }),
		"tolower":     strict(func(c call) any { return strings.ToLower(c.textOf(0)) }),
		"toupper":     strict(func(c call) any { return strings.ToUpper(c.textOf(0)) }),
		"strcat":      strict(func(c call) any { return strings.Join(c.texts(0), "") }),
		"strcat_delim": strict(func(c call) any {
			return strings.Join(c.texts(1), c.textOf(0))
		}),
		"strcmp": strict(func(c call) any { return int64(strings.Compare(c.textOf(0), c.textOf(1))) }),
		"strrep": strict(func(c call) any {
			return strings.Join(slices.Repeat([]string{c.textOf(0)}, int(max(c.whole(1, 0), 0))), c.textOf(2))
		}),
		"substring": strict(substring),
		"reverse": strict(func(c call) any {
			r := []rune(c.textOf(0))
			slices.Reverse(r)
			return string(r)
		}),
		"indexof":        strict(indexOf),
		"countof":        strict(countOf),
		"replace_string": strict(replaceString),
		"split":          strict(split),
		"trim":           strict(func(c call) any { return trim(c, true, true) }),
		"trim_start":     strict(func(c call) any { return trim(c, true, false) }),
		"trim_end":       strict(func(c call) any { return trim(c, false, true) }),
		"extract":        strict(extract),
	})
}

func (c call) texts(from int) []string {
	var out []string
	for i := from; i < len(c.args); i++ {
		out = append(out, c.textOf(i))
	}
	return out
}

// substring counts a negative start from the end.
func substring(c call) any {
	r := []rune(c.textOf(0))
	start := c.whole(1, 0)
	if start < 0 {
		start += int64(len(r))
	}
	if start < 0 {
		return ""
	}
	length := c.whole(2, int64(len(r)))
	out := ""
	for i := start; i < int64(len(r)) && i < start+length; i++ {
		out += string(r[i])
	}
	return out
}

// indexOf is the place of the first occurrence, -1 without one.
func indexOf(c call) any {
	text, part := []rune(c.textOf(0)), []rune(c.textOf(1))
	if len(part) == 0 {
		return nil
	}
	if len(c.args) > 2 {
		unsupported("indexof with more than two arguments")
	}
	for i := range text {
		if at(text, part, i) {
			return int64(i)
		}
	}
	return int64(-1)
}

// countOf counts occurrences, also those that overlap.
func countOf(c call) any {
	text, part := []rune(c.textOf(0)), []rune(c.textOf(1))
	if len(c.args) > 2 {
		unsupported("countof with three arguments")
	}
	n := int64(0)
	for i := range text {
		if len(part) > 0 && at(text, part, i) {
			n++
		}
	}
	return n
}

func replaceString(c call) any {
	if c.textOf(1) == "" {
		return c.textOf(0)
	}
	return strings.Join(strings.Split(c.textOf(0), c.textOf(1)), c.textOf(2))
}

// split gives all parts, or the one that is asked for, as an array.
func split(c call) any {
	parts := []string{c.textOf(0)}
	if c.textOf(1) != "" {
		parts = strings.Split(c.textOf(0), c.textOf(1))
	}
	out := value.Array{}
	for i, p := range parts {
		if len(c.args) < 3 || int64(i) == c.whole(2, 0) {
			out = append(out, p)
		}
	}
	if len(c.args) > 2 && len(out) == 0 {
		return nil
	}
	return out
}

// trim takes one match off each end.
func trim(c call, start, end bool) any {
	s := c.textOf(1)
	if start {
		s = regexp.MustCompile("^(?:"+c.textOf(0)+")").ReplaceAllLiteralString(s, "")
	}
	if end {
		s = regexp.MustCompile("(?:"+c.textOf(0)+")$").ReplaceAllLiteralString(s, "")
	}
	return s
}

func extract(c call) any {
	m := regexp.MustCompile(c.textOf(0)).FindStringSubmatch(c.textOf(2))
	if g := int(c.whole(1, 0)); g >= 0 && g < len(m) {
		return convert(m[g], c.out)
	}
	return nil
}
