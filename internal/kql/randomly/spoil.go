package randomly

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// spoil makes something of a query wrong, most likely. It is false where it has
// found nothing to spoil.
func (m *maker) spoil(root *Piece) bool {
	ways := []func(*Piece) bool{m.wrongName, m.wrongType, m.wrongArity, m.wrongOperator, m.wrongFunction}
	pieces := root.pieces()
	way := pick(m, ways)
	for range 50 {
		if way(pick(m, pieces)) {
			return true
		}
	}
	return false
}

// wrongName misspells a column or table.
func (m *maker) wrongName(p *Piece) bool {
	if len(p.Kids) > 0 || len(p.Text) == 0 || !plainName.MatchString(p.Text[0]) || p.Text[0] == "count" || p.Text[0] == "true" || p.Text[0] == "false" {
		return false
	}
	p.Text[0] += "q"
	return true
}

// wrongType puts a constant of any type in the place of an expression.
func (m *maker) wrongType(p *Piece) bool {
	if !strings.HasPrefix(p.Class, "expr ") {
		return false
	}
	t := pick(m, allTypes)
	*p = *write(class(t), pick(m, literals[t]))
	return true
}

// isCall tells f(x) and f(x, y), by their text.
func isCall(p *Piece) bool {
	if p.Sep != "" || len(p.Text) == 0 {
		return false
	}
	name, _, found := strings.Cut(p.Text[0], "(")
	_, isLiteral := value.ParseType(name)
	return found && !isLiteral && plainName.MatchString(name) && strings.HasSuffix(p.Text[len(p.Text)-1], ")")
}

// wrongArity leaves out an argument of a call, or adds one.
func (m *maker) wrongArity(p *Piece) bool {
	if !isCall(p) {
		return false
	}
	last := len(p.Text) - 1
	if n := len(p.Kids); n > 1 && m.IntN(2) == 0 {
		p.Kids, p.Text = p.Kids[:n-1], p.Text[:last]
		p.Text[last-1] = ")"
		return true
	}
	more := ", 1)"
	if len(p.Kids) == 0 && strings.HasSuffix(p.Text[0], "()") {
		more = "1)"
	}
	p.Text[last] = strings.TrimSuffix(p.Text[last], ")") + more
	return true
}

// wrongOperator misspells the first word of an operator.
func (m *maker) wrongOperator(p *Piece) bool {
	if p.Class != "" || p.Sep != "" || len(p.Text) == 0 {
		return false
	}
	word, rest, found := strings.Cut(p.Text[0], " ")
	if !found || len(word) < 4 || strings.ToLower(word) != word || strings.ContainsAny(word, "(='\"$") {
		return false
	}
	p.Text[0] = word[:2] + word[3:] + " " + rest
	return true
}

// wrongFunction misspells a function.
func (m *maker) wrongFunction(p *Piece) bool {
	if !isCall(p) {
		return false
	}
	p.Text[0] = "q" + p.Text[0]
	return true
}
