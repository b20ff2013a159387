package funcs

import (
	"slices"
	"strings"
)

// found is a part of a text that a lookup of replace_strings takes.
type found struct {
	from, to int
	rewrite  any
}

// evalReplaceStrings gives each lookup, in their order, the matches that no
// earlier one has taken. What is no string is not replaced, but taken.
func evalReplaceStrings(c *Call) any {
	s, lookups, rewrites := c.Str(0), c.Array(1), c.Array(2)
	if lookups == nil || len(lookups) != len(rewrites) {
		return nil
	}
	var taken []found
	for i, l := range lookups {
		if text, ok := l.(string); ok && text != "" {
			taken = takeMatches(taken, s, text, rewrites[i])
		}
	}
	slices.SortFunc(taken, func(a, b found) int { return a.from - b.from })
	size := len(s)
	for _, f := range taken {
		rewrite, _ := f.rewrite.(string)
		if size += len(rewrite); size > Room+len(s) {
			return ErrMemory
		}
	}
	var out strings.Builder
	at := 0
	for _, f := range taken {
		if rewrite, ok := f.rewrite.(string); ok {
			out.WriteString(s[at:f.from] + rewrite)
			at = f.to
		}
	}
	return out.String() + s[at:]
}

// takeMatches adds the matches of a text that touch none of those taken.
func takeMatches(taken []found, s, text string, rewrite any) []found {
	before := taken
	for at := 0; ; {
		i := strings.Index(s[at:], text)
		if i < 0 {
			return taken
		}
		f := found{at + i, at + i + len(text), rewrite}
		if slices.ContainsFunc(before, func(o found) bool { return f.from < o.to && o.from < f.to }) {
			at = f.from + 1
			continue
		}
		taken, at = append(taken, f), f.to
	}
}
