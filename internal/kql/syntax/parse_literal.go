package syntax

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// rawParen passes "word(" and returns the text up to the parenthesis that
// closes it, without quotes around it.
func (p *parser) rawParen() (text string, span Span) {
	start := p.tok.span.Start
	open := strings.IndexByte(p.lex.text[p.tok.span.End:], '(') + p.tok.span.End
	end, depth := open+1, 1
	for ; end < len(p.lex.text) && depth > 0; end++ {
		switch c := p.lex.text[end]; c {
		case '(':
			depth++
		case ')':
			depth--
		case '"', '\'':
			if n := strings.IndexByte(p.lex.text[end+1:], c); n >= 0 {
				end += n + 1
			}
		}
	}
	if depth > 0 {
		p.fail(Span{open, open + 1}, "", "the parenthesis is not closed")
	}
	p.lex.pos = end
	p.tok = token{span: Span{start, end}}
	p.advance()
	text = strings.TrimSpace(p.lex.text[open+1 : end-1])
	if len(text) > 1 && (text[0] == '"' || text[0] == '\'') && text[len(text)-1] == text[0] {
		text = text[1 : len(text)-1]
	}
	return text, Span{start, end}
}

// typedLiteral reads long(1), datetime(2024-01-01), guid(...) and the like.
func (p *parser) typedLiteral(t value.Type) Expr {
	word := p.tok.text
	text, span := p.rawParen()
	lit := Literal{Span: span, Type: t}
	if strings.EqualFold(text, "null") || text == "" {
		return lit
	}
	lit.Value = literalValue(t, text)
	if lit.Value == nil {
		p.report(span, literalHints[t], "'%s' is not a %s", text, word)
	}
	return lit
}

var literalHints = map[value.Type]string{
	value.DatetimeType: "write datetime(2024-05-31 13:45:00), in UTC",
	value.TimespanType: "write timespan(1.02:03:04), or 90s, 5m, 1.5h, 7d",
	value.GuidType:     "write guid(74be27de-1e4e-49d9-b579-fe0b331d3642)",
	value.BoolType:     "write true or false",
}

// literalValue reads the text of a literal, nil if it has no such value.
func literalValue(t value.Type, text string) any {
	if t == value.DatetimeType {
		text = strings.NewReplacer(" - ", "-", " : ", ":").Replace(text)
	}
	if v := value.Convert(text, t); v != nil {
		return v
	}
	if t.IsInteger() {
		if f, ok := value.ParseReal(text); ok {
			return value.Convert(f, t)
		}
	}
	return nil
}

// dynamicLiteral reads dynamic(...), which is JSON with some liberties: single
// quotes, and datetime(...) and its like as values.
func (p *parser) dynamicLiteral() Expr {
	start := p.tok.span.Start
	p.advance()
	p.expect("(")
	lit := Literal{Type: value.DynamicType}
	if !p.tok.is(")") {
		lit.Value = p.jsonValue()
	}
	p.expect(")")
	lit.Span = p.from(start)
	return lit
}

func (p *parser) jsonValue() (v any) {
	t := p.tok
	switch {
	case p.atBracket():
		p.nested(func() { v = p.jsonArray() })
		return v
	case t.is("{"):
		p.nested(func() { v = p.jsonBag() })
		return v
	case t.is("-") || t.is("+"):
		p.advance()
		return p.jsonNumber(strings.TrimPrefix(t.text, "+"))
	case t.kind == tokNumber:
		return p.jsonNumber("")
	case t.kind == tokString:
		return p.stringLiteral().(Literal).Value
	case t.kind == tokTimespan:
		return p.primary().(Literal).Value
	case t.kind == tokIdent:
		return p.jsonWord(t)
	}
	p.unexpected("a JSON value")
	return nil
}

func (p *parser) jsonNumber(sign string) any {
	t := p.tok
	if t.kind != tokNumber {
		p.unexpected("a number")
	}
	p.advance()
	if _, ok := value.ParseLong(sign + t.text); !ok {
		f, _ := value.ParseReal(sign + t.text)
		return f
	}
	return p.number(t, sign).(Literal).Value
}

func (p *parser) jsonWord(t token) any {
	switch strings.ToLower(t.text) {
	case "null":
		p.advance()
		return nil
	case "true", "false":
		p.advance()
		return strings.EqualFold(t.text, "true")
	}
	if lit, ok := p.wordLiteral(t, p.peek()).(Literal); ok {
		return lit.Value
	}
	p.fail(t.span, "strings need quotes", "expected a JSON value, found '%s'", t.text)
	return nil
}

func (p *parser) jsonArray() any {
	out := value.Array{}
	p.openBracket()
	for !p.tok.is("]") {
		out = append(out, p.jsonValue())
		if !p.accept(",") {
			break
		}
	}
	p.expect("]")
	return out
}

func (p *parser) jsonBag() any {
	out := value.NewBag()
	p.expect("{")
	for !p.tok.is("}") {
		key := p.tok
		if key.kind != tokString && key.kind != tokIdent {
			p.unexpected("a key")
		}
		name := key.value
		if key.kind == tokIdent {
			name = key.text
		}
		p.advance()
		p.expect(":")
		out.Set(name, p.jsonValue())
		if !p.accept(",") {
			break
		}
	}
	p.expect("}")
	return out
}
