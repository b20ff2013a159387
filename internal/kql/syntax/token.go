package syntax

// kind is what a token is.
type kind uint8

const (
	tokEOF kind = iota
	tokIdent
	tokNumber   // 1, 0x1F, 1.5, 1e3; text as written
	tokTimespan // 1.5h
	tokString   // value in token.value
	tokPunct    // ( ) [ ] { } , ; | . : and operators
	tokBad      // a character or literal that no rule allows
)

// token is a word of the text with its place.
type token struct {
	kind kind
	span Span
	// text is the token as written, value the content of a string.
	text  string
	value string
	// quoted is set for names in brackets, ['a b'].
	quoted bool
}

// is tells whether the token is this punctuation mark.
func (t token) is(p string) bool { return t.kind == tokPunct && t.text == p }

// word tells whether the token is this word, not in brackets.
func (t token) word(w string) bool { return t.kind == tokIdent && !t.quoted && t.text == w }

// describe names the token for people.
func (t token) describe() string {
	switch t.kind {
	case tokEOF:
		return "the end of the query"
	case tokString:
		return "a string"
	}
	return "'" + t.text + "'"
}
