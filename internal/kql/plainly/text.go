package plainly

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	for name, f := range map[string]func(text, part []rune) bool{
		"has":        func(t, p []rune) bool { return occurs(t, p, true, true) },
		"hasprefix":  func(t, p []rune) bool { return occurs(t, p, true, false) },
		"hassuffix":  func(t, p []rune) bool { return occurs(t, p, false, true) },
		"contains":   func(t, p []rune) bool { return occurs(t, p, false, false) },
		"startswith": func(t, p []rune) bool { return at(t, p, 0) },
		"endswith":   func(t, p []rune) bool { return at(t, p, len(t)-len(p)) },
	} {
		define(map[string]function{
			name:         strict(func(c call) any { return f(folded(c, 0), folded(c, 1)) }),
			name + "_cs": strict(func(c call) any { return f([]rune(c.textOf(0)), []rune(c.textOf(1))) }),
		})
	}
	define(map[string]function{
		"=~": strict(func(c call) any { return string(folded(c, 0)) == string(folded(c, 1)) }),
		"matches regex": strict(func(c call) any {
			re, err := regexp.Compile(c.textOf(1))
			return err == nil && re.MatchString(c.textOf(0))
		}),
		"in~":     loose(func(c call) any { return countWords(c, func(t, w []rune) bool { return string(t) == string(w) }) > 0 }),
		"has_any": loose(func(c call) any { return countWords(c, hasWord) > 0 }),
		"has_all": loose(func(c call) any { return countWords(c, hasWord) == len(unrolled(c.args[1:])) }),
	})
}

// folded is argument i in lower case.
func folded(c call, i int) []rune { return []rune(strings.ToLower(c.textOf(i))) }

// at tells whether part stands in text at that place.
func at(text, part []rune, place int) bool {
	return place >= 0 && place+len(part) <= len(text) && string(text[place:place+len(part)]) == string(part)
}

// occurs tells whether part stands somewhere in text. Where left is set, no
// letter or digit may touch it at its left end if that is a letter or digit
// itself; right is the same for its right end.
func occurs(text, part []rune, left, right bool) bool {
	if len(part) == 0 {
		return true
	}
	for i := 0; i+len(part) <= len(text); i++ {
		end := i + len(part)
		cutsLeft := i > 0 && isWord(text[i-1]) && isWord(part[0])
		cutsRight := end < len(text) && isWord(text[end]) && isWord(part[len(part)-1])
		if at(text, part, i) && (!left || !cutsLeft) && (!right || !cutsRight) {
			return true
		}
	}
	return false
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func hasWord(text, word []rune) bool { return occurs(text, word, true, true) }

// countWords counts the values behind the first argument for which holds is
// true, whatever the case.
func countWords(c call, holds func(text, word []rune) bool) int {
	n := 0
	for _, w := range unrolled(c.args[1:]) {
		if holds(folded(c, 0), []rune(strings.ToLower(value.Text(w)))) {
			n++
		}
	}
	return n
}
