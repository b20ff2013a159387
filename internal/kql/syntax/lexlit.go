package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// number reads an integer, a real, a timespan such as 1.5h, or a name that
// begins with a digit.
func (l *lexer) number() token {
	start := l.pos
	if strings.HasPrefix(l.text[start:], "0x") || strings.HasPrefix(l.text[start:], "0X") {
		l.pos += 2
		l.word()
		if _, ok := value.ParseLong(l.text[start:l.pos]); ok {
			return token{kind: tokNumber}
		}
		return token{kind: tokIdent}
	}
	l.digits()
	if l.peekByte(0) == '.' && l.peekByte(1) != '.' && isDigit(l.peekByte(1)) {
		l.pos++
		l.digits()
	}
	mantissa := l.pos
	if c := l.peekByte(0); c == 'e' || c == 'E' {
		l.pos++
		if c := l.peekByte(0); c == '+' || c == '-' {
			l.pos++
		}
		if exponent := l.pos; isDigit(l.peekByte(0)) {
			l.digits()
			if !isWordByte(l.peekByte(0)) {
				return token{kind: tokNumber}
			}
			l.pos = exponent
		}
		l.pos = mantissa
	}
	if !isWordByte(l.peekByte(0)) {
		return token{kind: tokNumber}
	}
	l.word()
	if _, ok := value.ParseUnit(l.text[start:l.pos]); ok {
		return token{kind: tokTimespan}
	}
	return token{kind: tokIdent}
}

func (l *lexer) digits() {
	for isDigit(l.peekByte(0)) {
		l.pos++
	}
}

func (l *lexer) peekByte(n int) byte {
	if l.pos+n < len(l.text) {
		return l.text[l.pos+n]
	}
	return 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool {
	return c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

// quotedString reads a string with escapes; it ends on its line.
func (l *lexer) quotedString(quote byte) token {
	var b strings.Builder
	for l.pos++; l.pos < len(l.text); {
		switch c := l.text[l.pos]; c {
		case quote:
			l.pos++
			return token{kind: tokString, value: b.String()}
		case '\n', '\r':
			return token{kind: tokBad}
		case '\\':
			if !l.escape(&b) {
				return token{kind: tokBad}
			}
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	return token{kind: tokBad}
}

var escapes = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'a': 7, 'b': 8, 'f': 12, 'v': 11, '0': 0}

// escape reads a backslash and what it stands for.
func (l *lexer) escape(b *strings.Builder) bool {
	c := l.peekByte(1)
	l.pos += 2
	if plain, ok := escapes[c]; ok {
		b.WriteByte(plain)
		return true
	}
	digits := map[byte]int{'u': 4, 'U': 8, 'x': 2}[c]
	if digits == 0 {
		b.WriteByte(c)
		return c == '\\' || c == '"' || c == '\'' || c == '/'
	}
	end := min(l.pos+digits, len(l.text))
	r, err := strconv.ParseUint(l.text[l.pos:end], 16, 32)
	if err != nil {
		return false
	}
	l.pos = end
	b.WriteRune(rune(r))
	return true
}

// verbatim reads @"..." in which only a doubled quote is special.
func (l *lexer) verbatim(quote byte) token {
	var b strings.Builder
	for l.pos++; l.pos < len(l.text); l.pos++ {
		c := l.text[l.pos]
		if c != quote {
			b.WriteByte(c)
			continue
		}
		if l.peekByte(1) != quote {
			l.pos++
			return token{kind: tokString, value: b.String()}
		}
		b.WriteByte(c)
		l.pos++
	}
	return token{kind: tokBad}
}

// multiline reads a string between fences over any number of lines.
func (l *lexer) multiline(fence string) token {
	l.pos += len(fence)
	end := strings.Index(l.text[l.pos:], fence)
	if end < 0 {
		l.pos = len(l.text)
		return token{kind: tokBad}
	}
	s := l.text[l.pos : l.pos+end]
	l.pos += end + len(fence)
	return token{kind: tokString, value: s}
}
