package syntax

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// primary reads a constant, a name, a call, something in parentheses, or a
// table made on the spot.
func (p *parser) primary() Expr {
	t := p.tok
	switch t.kind {
	case tokString:
		return p.stringLiteral()
	case tokNumber:
		p.advance()
		return p.number(t, "")
	case tokTimespan:
		p.advance()
		span, _ := value.ParseUnit(t.text)
		return Literal{Span: t.span, Type: value.TimespanType, Value: span}
	case tokIdent:
		return p.nameOrCall()
	}
	switch {
	case t.is("("):
		return p.paren()
	case t.is("*"):
		p.advance()
		return Star{Span: t.span}
	}
	p.unexpected("an expression")
	return nil
}

// stringLiteral reads a string, or several that follow each other and are one.
func (p *parser) stringLiteral() Expr {
	start := p.tok.span.Start
	var b strings.Builder
	for p.tok.kind == tokString {
		b.WriteString(p.tok.value)
		p.advance()
	}
	return Literal{Span: p.from(start), Type: value.StringType, Value: b.String()}
}

// number makes a literal of a number token; sign is "-" or "".
func (p *parser) number(t token, sign string) Expr {
	text := sign + t.text
	if strings.ContainsAny(t.text, ".eE") && !strings.HasPrefix(strings.ToLower(t.text), "0x") {
		f, _ := value.ParseReal(text)
		return Literal{Span: t.span, Type: value.RealType, Value: f}
	}
	n, ok := value.ParseLong(text)
	if !ok {
		p.report(t.span, "a long holds -9223372036854775808 to 9223372036854775807", "the number %s is too large", text)
	}
	return Literal{Span: t.span, Type: value.LongType, Value: n}
}

// paren reads (x), where x may be a whole query.
func (p *parser) paren() Expr {
	start := p.tok.span.Start
	p.advance()
	x := p.pipe()
	p.expect(")")
	return Paren{Span: p.from(start), X: x}
}

// nameOrCall reads what begins with a word.
func (p *parser) nameOrCall() Expr {
	t := p.tok
	next := p.peek()
	if !t.quoted {
		if x := p.wordLiteral(t, next); x != nil {
			return x
		}
		if x := p.head(t, next); x != nil {
			return x
		}
	}
	if next.is("(") {
		return p.call()
	}
	if !t.quoted && notReferences[t.text] {
		p.fail(t.span, "write ['"+t.text+"'] if it is a name", "expected an expression, found the keyword '%s'", t.text)
	}
	p.advance()
	return Name{Span: t.span, Text: t.text, Quoted: t.quoted}
}

// wordLiteral reads true, false, typeof(...), dynamic(...) and the like.
func (p *parser) wordLiteral(t, next token) Expr {
	switch t.text {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		p.advance()
		return Literal{Span: t.span, Type: value.BoolType, Value: strings.EqualFold(t.text, "true")}
	case "typeof":
		if next.is("(") {
			return p.typeLiteral()
		}
	case "dynamic":
		if next.is("(") {
			return p.dynamicLiteral()
		}
	}
	if kind, ok := value.ParseType(t.text); ok && next.is("(") && strings.Contains(" "+typeWords+" ", " "+t.text+" ") {
		return p.typedLiteral(kind)
	}
	return nil
}

// typeLiteral reads typeof(long). typeof of a schema, as plugins take it, has
// no type of its own.
func (p *parser) typeLiteral() Expr {
	start := p.tok.span.Start
	p.advance()
	p.expect("(")
	lit := TypeLiteral{Type: p.typeName()}
	p.expect(")")
	lit.Span = p.from(start)
	return lit
}

// call reads f(a, b). Arguments may be whole queries.
func (p *parser) call() Call {
	start := p.tok.span.Start
	c := Call{Fn: p.anyName()}
	p.expect("(")
	if !p.tok.is(")") {
		c.Args = list(p, p.argument)
	}
	p.expect(")")
	c.Span = p.from(start)
	return c
}

// argument reads an argument, which may be named.
func (p *parser) argument() Expr {
	start := p.tok.span.Start
	if p.tok.kind == tokIdent && p.peek().is("=") {
		n := p.anyName()
		p.advance()
		x := p.pipe()
		return Named{Span: p.from(start), Names: []Name{n}, X: x}
	}
	return p.pipe()
}

// anyName reads a name, keywords included.
func (p *parser) anyName() Name {
	t := p.tok
	if t.kind != tokIdent {
		p.unexpected("a name")
	}
	p.advance()
	return Name{Span: t.span, Text: t.text, Quoted: t.quoted}
}

// name is anyName, for places where a column or option is meant.
func (p *parser) name() Name { return p.anyName() }

// newName reads the name of a new column or variable, which must not be one of
// the keywords that Kusto reserves.
func (p *parser) newName() Name {
	if t := p.tok; t.kind == tokIdent && !t.quoted && notNames[t.text] {
		p.report(t.span, "write ['"+t.text+"']", "the name '%s' is a keyword and needs brackets", t.text)
	}
	return p.anyName()
}
