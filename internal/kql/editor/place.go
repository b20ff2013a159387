package editor

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// kind is what can stand at a place.
type kind uint8

const (
	nothing  kind = iota
	source        // a table or a statement
	operator      // the name of an operator
	operand       // a column, a function, a value
	after         // what connects values, or a word of the operator
	table         // a table, inside an operator
	plugin
	chart
)

// place is where the cursor is.
type place struct {
	kind kind
	// start is where the word begins that is being typed, prefix what there is
	// of it.
	start  int
	prefix string
	// op is the operator, word the last of its words, first that the operator
	// has nothing behind it yet.
	op, word string
	first    bool
	// inLet tells that what let names begins here.
	inLet bool
	// lets are the statements before, rows the query up to the operator.
	lets, rows string
}

// find finds the place of a byte of the text.
func find(text string, at int) place {
	p := place{start: wordStart(text, at)}
	if whole := operatorStart(text, at); strings.HasSuffix(strings.TrimRight(text[:whole], " \t\r\n"), "|") {
		p.start = whole
	}
	p.prefix = text[p.start:at]
	if insideText(text, at) {
		return p
	}
	frames := scan(text, p.start)
	f := frames[len(frames)-1]
	q := owner(frames)
	p.op, p.word, p.first = q.op, q.word, !q.has
	p.lets, p.rows = lets(text, frames), rowsOf(text, frames)
	switch {
	case f != q: // an argument, or a list
		p.kind = valueOr(f)
	case f.op == "" && f.pipe >= 0 && !f.begun, f.given && f.op == "" && !f.begun:
		p.kind = operator
	case f.op == "" && !f.begun:
		p.kind, p.inLet = source, f.start > f.statement
	case f.op != "":
		p.kind = inOperator(f)
	}
	return p
}

// owner is the innermost frame with a query of its own.
func owner(frames []*frame) *frame {
	for i := len(frames) - 1; i > 0; i-- {
		if frames[i].rows {
			return frames[i]
		}
	}
	return frames[0]
}

// inOperator is what can stand behind the name of an operator.
func inOperator(f *frame) kind {
	switch f.op {
	case "let", "set", "declare", "as", "range", "datatable", "take", "limit", "sample", "getschema", "count", "consume":
		return nothing
	case "render":
		if f.has {
			return nothing
		}
		return chart
	case "evaluate":
		if f.has {
			return after
		}
		return plugin
	case "union":
		return table
	case "join", "lookup":
		if f.word != "on" {
			return table
		}
	}
	return valueOr(f)
}

// valueOr tells operands from what comes after one.
func valueOr(f *frame) kind {
	if !f.has {
		return operand
	}
	switch l := f.last; {
	case l.Kind == syntax.Value, l.Kind == syntax.Word && !connects(l.Text):
		return after
	case l.Kind == syntax.Mark && (l.Text == ")" || l.Text == "]" || l.Text == "}"):
		return after
	}
	return operand
}

// connects tells the words that stand between two values.
func connects(word string) bool {
	for _, o := range connectors() {
		if o.Label == word || o.Label == "!"+word || strings.HasSuffix(o.Label, " "+word) {
			return true
		}
	}
	return false
}

// lets are the statements that the cursor can see, of the text and of the
// functions around it.
func lets(text string, frames []*frame) string {
	var b strings.Builder
	for _, f := range frames {
		if f.mark == "" || f.mark == "{" {
			b.WriteString(text[f.body:f.statement])
		}
	}
	return b.String()
}

// rowsOf is the query up to the operator at the cursor.
func rowsOf(text string, frames []*frame) string {
	out := ""
	for _, f := range frames {
		switch {
		case !f.rows:
		case f.given && f.pipe >= 0:
			out += " | " + text[f.start:f.pipe]
		case f.given:
		case f.pipe >= 0:
			out = text[f.start:f.pipe]
		default:
			out = ""
		}
	}
	return out
}

// wordStart is where the word begins that ends at a byte.
func wordStart(text string, at int) int {
	for at > 0 && (isWordByte(text[at-1]) || text[at-1] == '$') {
		at--
	}
	if at > 0 && text[at-1] == '!' { // !has
		at--
	}
	return at
}

// operatorStart is the same for the names of operators, which have hyphens.
func operatorStart(text string, at int) int {
	for at > 0 && (isWordByte(text[at-1]) || text[at-1] == '-') {
		at--
	}
	return at
}

// insideText tells strings and comments.
func insideText(text string, at int) bool {
	end := 0
	for _, l := range syntax.Lexemes(text) {
		if l.Span.Start >= at {
			break
		}
		isText := strings.ContainsAny(text[l.Span.Start:min(l.Span.Start+3, l.Span.End)], "\"'`")
		if l.Kind == syntax.Value && isText && at < l.Span.End || l.Kind == syntax.Broken && isText && at <= l.Span.End {
			return true
		}
		end = min(l.Span.End, at)
	}
	gap := text[end:at]
	return strings.Contains(gap[strings.LastIndexByte(gap, '\n')+1:], "//")
}
