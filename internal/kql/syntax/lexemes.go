package syntax

// LexemeKind is what a lexeme is.
type LexemeKind uint8

// The kinds.
const (
	Word LexemeKind = iota
	Value
	Mark
	// Broken is a literal that does not end, or a character that no rule allows.
	Broken
)

// Lexeme is a word, literal or mark of a text, for those who look at queries
// that are not finished.
type Lexeme struct {
	Span Span
	Kind LexemeKind
	// Text is as written; of a name in brackets it is the name.
	Text string
}

// Lexemes cuts a text. Comments and blanks lie between the lexemes.
func Lexemes(text string) []Lexeme {
	l := lexer{text: text}
	var out []Lexeme
	for {
		t := l.next()
		if t.kind == tokEOF {
			return out
		}
		out = append(out, Lexeme{t.span, lexemeKinds[t.kind], t.text})
	}
}

var lexemeKinds = map[kind]LexemeKind{tokIdent: Word, tokNumber: Value, tokTimespan: Value, tokString: Value, tokPunct: Mark, tokBad: Broken}
