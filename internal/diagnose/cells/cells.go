// Package cells measures text in columns of a terminal. Characters of East Asian
// scripts take two columns, those that combine with the one before take none.
package cells

import (
	"strings"
	"unicode"
)

// wide are characters that take two columns: scripts of East Asia, their
// punctuation, full-width forms and emoji (Unicode Standard Annex 11,
// East_Asian_Width W and F).
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{{0x1100, 0x115f, 1}, {0x2e80, 0x303e, 1}, {0x3041, 0x33ff, 1}, {0x3400, 0x4dbf, 1}, {0x4e00, 0x9fff, 1},
		{0xa000, 0xa4cf, 1}, {0xac00, 0xd7a3, 1}, {0xf900, 0xfaff, 1}, {0xfe30, 0xfe6f, 1}, {0xff00, 0xff60, 1}, {0xffe0, 0xffe6, 1}},
	R32: []unicode.Range32{{0x1f300, 0x1f64f, 1}, {0x1f900, 0x1f9ff, 1}, {0x20000, 0x3fffd, 1}},
}

// Rune is how many columns a character takes; control characters take none.
func Rune(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Cc):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// Width is how many columns a text takes.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += Rune(r)
	}
	return n
}

// Cut shortens a text that is wider than width, and ends it with more, which
// takes one column.
func Cut(s string, width int, more string) string {
	if Width(s) <= width {
		return s
	}
	n := 0
	for i, r := range s {
		if n += Rune(r); n > width-1 {
			if width < 1 {
				return ""
			}
			return s[:i] + more
		}
	}
	return s
}

// Wrap breaks a text into lines of at most width columns, where it has blanks
// and between wide characters. A word that is wider has a line of its own. No
// line begins with a closing mark. A width of 0 or less breaks nothing.
func Wrap(s string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, part := range parts(s) {
		text := part
		if used == 0 {
			text = strings.TrimLeft(part, " ")
		}
		if w := Width(text); used == 0 || width <= 0 || used+w <= width {
			line, used = line+text, used+w
			continue
		}
		lines = append(lines, line)
		line = strings.TrimLeft(part, " ")
		used = Width(line)
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// parts are the pieces of a text that stay together: words with the blanks
// before them, and wide characters, each with the marks that close it.
func parts(s string) []string {
	var list []string
	part := ""
	flush := func() {
		if part != "" {
			list = append(list, part)
		}
		part = ""
	}
	before := rune(0)
	for _, r := range s {
		breaks := r == ' ' && before != ' ' || before != ' ' && before != 0 && !closes(r) && !opens(before) &&
			(Rune(r) == 2 || Rune(before) == 2)
		if breaks {
			flush()
		}
		part += string(r)
		before = r
	}
	flush()
	return list
}

// closes and opens tell the marks that may not begin or end a line.
func closes(r rune) bool {
	return strings.ContainsRune("。、）」』】！？ーぁぃぅぇぉっゃゅょァィゥェォッャュョ,.;:)", r)
}
func opens(r rune) bool { return strings.ContainsRune("（「『【(", r) }
