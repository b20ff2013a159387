package editor

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// frame is what is known of the text inside one pair of brackets, or of the
// whole text, up to the cursor.
type frame struct {
	// mark is the bracket, "" for the whole text.
	mark string
	// rows tells that a query of its own stands here, and given that its first
	// rows are those of the operator around it, as in mv-apply x on (...).
	rows, given bool
	// statement and start are where the statement and its query begin.
	statement, start int
	// body is where the statements of a function or of the text begin.
	body int
	// pipe is where the last | stands, -1 without one.
	pipe int
	// begun tells that something stands behind start or pipe.
	begun bool
	// op is the operator or statement in which the cursor is, word the last of
	// the words that belong to it, such as "by".
	op, word string
	// last is the lexeme before the cursor since op began; has tells that there
	// is one.
	last syntax.Lexeme
	has  bool
}

// scan reads the text up to a byte and gives the frames that are open there.
func scan(text string, end int) []*frame {
	frames := []*frame{{pipe: -1, rows: true}}
	skip := 0 // behind the name of an operator, which may have hyphens
	for _, l := range syntax.Lexemes(text[:end]) {
		if l.Span.Start < skip {
			continue
		}
		f := frames[len(frames)-1]
		switch {
		case l.Kind == syntax.Mark && (l.Text == "(" || l.Text == "[" || l.Text == "{"):
			frames = append(frames, f.open(l))
		case l.Kind == syntax.Mark && (l.Text == ")" || l.Text == "]" || l.Text == "}"):
			if len(frames) > 1 {
				frames = frames[:len(frames)-1]
				frames[len(frames)-1].take(l)
			}
		case l.Kind == syntax.Word && f.rows && f.op == "" && !f.begun:
			skip = f.name(text, l)
		default:
			f.read(l)
		}
	}
	return frames
}

// read takes a word, value or mark.
func (f *frame) read(l syntax.Lexeme) {
	switch {
	case l.Kind == syntax.Mark && l.Text == ";":
		*f = frame{mark: f.mark, rows: f.rows, body: f.body, statement: l.Span.End, start: l.Span.End, pipe: -1}
	case l.Kind == syntax.Mark && l.Text == "|":
		f.rows, f.pipe, f.op, f.word, f.begun, f.has = true, l.Span.Start, "", "", false, false
	case f.op == "let" && l.Kind == syntax.Mark && l.Text == "=":
		f.start, f.op, f.begun, f.has = l.Span.End, "", false, false
	case l.Kind == syntax.Word && f.isWord(l.Text):
		f.word = l.Text
		f.has = false
	default:
		f.take(l)
	}
}

func (f *frame) take(l syntax.Lexeme) { f.begun, f.last, f.has = true, l, true }

func (f *frame) isWord(s string) bool {
	t, ok := funcs.LookupTabular(f.op)
	if !ok {
		return false
	}
	for _, w := range t.Words {
		if w == s {
			return true
		}
	}
	return false
}

// name reads the first word behind a pipe or at the beginning, and gives where
// it ends: an operator, a statement, or a source.
func (f *frame) name(text string, l syntax.Lexeme) (end int) {
	end = l.Span.End
	for end < len(text) && (text[end] == '-' || isWordByte(text[end])) {
		end++
	}
	name := text[l.Span.Start:end]
	want := funcs.Piped
	if f.pipe < 0 && !f.given {
		want = funcs.Head | funcs.Statement
	}
	if t, ok := funcs.LookupTabular(name); ok && t.Place&want != 0 {
		f.op, f.word, f.begun, f.has = name, "", true, false
		return end
	}
	f.take(l)
	return l.Span.End
}

// open makes the frame of a bracket.
func (f *frame) open(l syntax.Lexeme) *frame {
	out := &frame{mark: l.Text, body: l.Span.End, statement: l.Span.End, start: l.Span.End, pipe: -1}
	switch {
	case l.Text == "{":
		out.rows = true
	case l.Text == "(" && (f.op == "mv-apply" && f.word == "on" || f.op == "partition" && f.word == "by" && f.has):
		out.rows, out.given = true, true
	case l.Text == "(":
		out.rows = f.takesTable()
	}
	f.begun = true
	return out
}

// takesTable tells whether a parenthesis that opens here may hold a query.
func (f *frame) takesTable() bool {
	switch {
	case f.rows && f.op == "" && !f.begun:
		return true
	case f.op == "union", (f.op == "join" || f.op == "lookup") && f.word != "on":
		return true
	case (f.op == "search" || f.op == "find") && f.word == "in":
		return true
	}
	if !f.has {
		return false
	}
	switch strings.TrimSuffix(f.last.Text, "~") {
	case "in", "", "materialize", "toscalar":
		return true
	}
	return false
}

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
