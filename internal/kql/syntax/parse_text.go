package syntax

import "github.com/sekisho/sekisho/internal/kql/value"

// parseOp reads parse x with pattern.
func (p *parser) parseOp(start int, where bool) Op {
	out := ParseOp{Where: where, Params: p.params()}
	out.X = p.expr()
	p.expectWord("with")
	for !p.atEnd() {
		out.Pattern = append(out.Pattern, p.parsePart())
	}
	out.Span = p.from(start)
	p.checkPattern(out)
	return out
}

func (p *parser) parsePart() ParsePart {
	start := p.tok.span.Start
	part := ParsePart{Type: value.StringType}
	switch {
	case p.tok.kind == tokString:
		part.Text = p.stringLiteral()
	case p.tok.is("*"):
		p.advance()
	default:
		n := p.parseName()
		part.Column = &n
		if p.accept(":") {
			part.Type, part.Typed = p.typeName(), true
		}
	}
	part.Span = p.from(start)
	return part
}

// parseName reads a column of a pattern, where "to" and "by" are no names.
func (p *parser) parseName() Name {
	if t := p.tok; t.kind == tokIdent && !t.quoted && (notNames[t.text] || t.text == "to" || t.text == "by") {
		p.report(t.span, "write ['"+t.text+"']", "the name '%s' is a keyword and needs brackets", t.text)
	}
	return p.anyName()
}

// checkPattern refuses columns that follow each other without a text between.
func (p *parser) checkPattern(out ParseOp) {
	for i := 1; i < len(out.Pattern); i++ {
		if out.Pattern[i].Column != nil && out.Pattern[i-1].Column != nil {
			p.report(out.Pattern[i].Span, "put the text that separates them between", "a column of the pattern must follow a string")
		}
	}
}

// parseKV reads parse-kv x as (columns) with (parameters).
func (p *parser) parseKV(start int) Op {
	out := ParseKV{X: p.expr()}
	p.expectWord("as")
	p.expect("(")
	out.Columns = list(p, func() ColumnDecl {
		if t := p.tok; t.kind == tokIdent && !t.quoted && notNames[t.text] {
			p.report(t.span, "write ['"+t.text+"']", "the name '%s' is a keyword and needs brackets", t.text)
		}
		return p.columnDecl()
	})
	p.expect(")")
	if p.acceptWord("with") {
		p.expect("(")
		out.With = list(p, p.kvParam)
		p.expect(")")
	}
	out.Span = p.from(start)
	return out
}

func (p *parser) kvParam() Param {
	start := p.tok.span.Start
	name := p.anyName().Text
	p.expect("=")
	return Param{Name: name, Value: p.expr(), Span: p.from(start)}
}

// expand reads mv-expand and mv-apply.
func (p *parser) expand(start int, apply bool) Op {
	out := Expand{Params: p.expandParams()}
	out.Items = list(p, p.expansion)
	if p.acceptWord("limit") {
		out.Limit = p.expr()
	}
	if apply {
		p.expectWord("on")
		out.Sub = p.subquery()
	}
	out.Span = p.from(start)
	return out
}

// expandParams reads the parameters; "name = x" is an item, not one of them.
func (p *parser) expandParams() Params {
	var out Params
	for {
		switch p.tok.text {
		case "kind", "bagexpansion", "with_itemindex", "hint":
			if next, ok := p.param(); ok {
				out = append(out, next)
				continue
			}
		case "with":
			p.advance()
			continue
		}
		return out
	}
}

func (p *parser) expansion() Expansion {
	start := p.tok.span.Start
	out := Expansion{}
	if p.tok.kind == tokIdent && p.peek().is("=") {
		n := p.newName()
		p.advance()
		out.Name = &n
	}
	out.X = p.expr()
	if p.acceptWord("to") {
		lit, ok := p.primary().(TypeLiteral)
		if !ok {
			p.unexpected("typeof(...)")
		}
		out.Type = lit.Type
	}
	out.Span = p.from(start)
	return out
}
