package api

import (
	"regexp"
	"strings"
)

// word is a word of a command, a quoted name, or a list of names.
type word struct {
	text   string
	quoted bool
	names  []string
}

// wordText is a list in parentheses, a quoted name, or a plain word.
var wordText = regexp.MustCompile(`\([^()]*\)|\['[^']*'\]|\["[^"]*"\]|[^\s()]+`)

func wordsOf(text string) []word {
	var out []word
	for _, w := range wordText.FindAllString(text, -1) {
		switch {
		case strings.HasPrefix(w, "("):
			var names []string
			for _, n := range strings.Split(strings.Trim(w, "()"), ",") {
				name, _ := unquoted(strings.TrimSpace(n))
				names = append(names, name)
			}
			out = append(out, word{names: names})
		default:
			name, quoted := unquoted(w)
			out = append(out, word{text: name, quoted: quoted})
		}
	}
	return out
}

func unquoted(s string) (name string, quoted bool) {
	for _, marks := range [][2]string{{"['", "']"}, {`["`, `"]`}, {"'", "'"}, {`"`, `"`}} {
		if len(s) >= len(marks[0])+len(marks[1]) && strings.HasPrefix(s, marks[0]) && strings.HasSuffix(s, marks[1]) {
			return s[len(marks[0]) : len(s)-len(marks[1])], true
		}
	}
	return s, false
}

// fits compares a command with a pattern and gives the names in it.
func fits(pattern []string, words []word) (names []string, ok bool) {
	if len(pattern) != len(words) {
		return nil, false
	}
	for i, p := range pattern {
		switch w := words[i]; {
		case p == "NAMES" && w.names != nil:
			names = append(names, w.names...)
		case p == "NAME" && w.names == nil:
			names = append(names, w.text)
		case w.names != nil || w.quoted || !strings.EqualFold(p, w.text):
			return nil, false
		}
	}
	return names, true
}

// cutPipe cuts a command at the first pipe outside of quotes and brackets.
func cutPipe(text string) (before, after string, found bool) {
	quote := byte(0)
	for i := range len(text) {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '|':
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}
