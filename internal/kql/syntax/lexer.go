package syntax

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexer cuts text into tokens, one at a time from pos.
type lexer struct {
	text string
	pos  int
}

// puncts are the operators of two characters and more, longest first.
var puncts = []string{"!=", "==", "<=", ">=", "=~", "!~", "<>", "=>", "..", "<-", "->"}

// skip passes blanks and comments.
func (l *lexer) skip() {
	for l.pos < len(l.text) {
		switch {
		case strings.HasPrefix(l.text[l.pos:], "//"):
			end := strings.IndexByte(l.text[l.pos:], '\n')
			if end < 0 {
				l.pos = len(l.text)
				return
			}
			l.pos += end + 1
		default:
			r, n := utf8.DecodeRuneInString(l.text[l.pos:])
			if !unicode.IsSpace(r) && r != '\u200b' && r != '\ufeff' {
				return
			}
			l.pos += n
		}
	}
}

// next returns the token at pos and moves behind it.
func (l *lexer) next() token {
	l.skip()
	start := l.pos
	if start >= len(l.text) {
		return token{kind: tokEOF, span: Span{start, start}}
	}
	t := l.scan()
	l.pos = min(l.pos, len(l.text)) // an escape may be cut off
	t.span = Span{start, l.pos}
	if t.text == "" {
		t.text = l.text[start:l.pos]
	}
	return t
}

func (l *lexer) scan() token {
	rest := l.text[l.pos:]
	switch c := rest[0]; {
	case c == '"' || c == '\'':
		return l.quotedString(c)
	case strings.HasPrefix(rest, "```") || strings.HasPrefix(rest, "~~~"):
		return l.multiline(rest[:3])
	case strings.HasPrefix(rest, `@"`) || strings.HasPrefix(rest, `@'`):
		l.pos++
		return l.verbatim(rest[1])
	case (c == 'h' || c == 'H') && isStringStart(rest[1:]):
		l.pos++
		return l.scan()
	case c >= '0' && c <= '9':
		return l.number()
	case c == '[':
		if t, ok := l.bracketName(); ok {
			return t
		}
	case c == '$' || c == '_' || isLetter(rest):
		l.pos++
		l.word()
		return token{kind: tokIdent}
	}
	return l.punct()
}

func isStringStart(s string) bool {
	s = strings.TrimPrefix(s, "@")
	return s != "" && (s[0] == '"' || s[0] == '\'')
}

func isLetter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r)
}

// word passes letters, digits and underscores.
func (l *lexer) word() {
	for l.pos < len(l.text) {
		r, n := utf8.DecodeRuneInString(l.text[l.pos:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			if r != utf8.RuneError || n > 1 || l.pos == 0 || utf8.RuneStart(l.text[l.pos]) {
				return
			}
		}
		l.pos += n
	}
}

func (l *lexer) punct() token {
	rest := l.text[l.pos:]
	for _, p := range puncts {
		if strings.HasPrefix(rest, p) {
			l.pos += len(p)
			return token{kind: tokPunct}
		}
	}
	if strings.IndexByte("()[]{},;|.:=<>+-*/%!?", rest[0]) >= 0 {
		l.pos++
		return token{kind: tokPunct}
	}
	_, n := utf8.DecodeRuneInString(rest)
	l.pos += n
	return token{kind: tokBad}
}

// bracketName reads ['name'] and ["name"], which is a name and not an index.
func (l *lexer) bracketName() (token, bool) {
	save := l.pos
	l.pos++
	l.skip()
	if isStringStart(l.text[l.pos:]) {
		if s := l.scan(); s.kind == tokString {
			l.skip()
			if l.pos < len(l.text) && l.text[l.pos] == ']' {
				l.pos++
				return token{kind: tokIdent, quoted: true, text: s.value, value: s.value}, true
			}
		}
	}
	l.pos = save
	return token{}, false
}
