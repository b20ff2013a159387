package syntax

// pipe reads a source and the operators behind it. Without operators it is the
// source itself, which may be any expression.
func (p *parser) pipe() Expr {
	start := p.tok.span.Start
	var source Expr
	p.nested(func() { source = p.or() })
	if !p.tok.is("|") {
		return source
	}
	out := Pipe{Source: source, Ops: p.ops()}
	out.Span = p.from(start)
	return out
}

// ops reads pipes and operators. One that cannot be read is left out.
func (p *parser) ops() []Op {
	var out []Op
	for p.accept("|") {
		p.recovering(func() { out = append(out, p.op()) })
	}
	return out
}

// head reads an operator that can begin a query, nil if none is here.
func (p *parser) head(t, next token) Expr {
	switch t.text {
	case "print":
		return p.printOp()
	case "range":
		if next.kind == tokIdent {
			return p.rangeOp()
		}
	case "datatable":
		return p.datatable()
	case "externaldata", "external_data":
		return p.externalData()
	case "union":
		if !next.is("=") {
			return p.union()
		}
	case "search":
		return p.search()
	case "find":
		return p.find()
	case "evaluate":
		if next.kind == tokIdent {
			return p.evaluate()
		}
	}
	return nil
}

func (p *parser) printOp() Print {
	start := p.tok.span.Start
	p.advance()
	out := Print{Args: list(p, p.named)}
	out.Span = p.from(start)
	return out
}

func (p *parser) rangeOp() Range {
	start := p.tok.span.Start
	p.advance()
	out := Range{Column: p.newName()}
	p.expectWord("from")
	out.From = p.expr()
	p.expectWord("to")
	out.To = p.expr()
	p.expectWord("step")
	out.Step_ = p.expr()
	out.Span = p.from(start)
	return out
}

// datatable reads datatable(name:type, ...) [value, ...].
func (p *parser) datatable() Datatable {
	start := p.tok.span.Start
	p.advance()
	out := Datatable{}
	p.params()
	p.expect("(")
	out.Columns = list(p, p.columnDecl)
	p.expect(")")
	p.openBracket()
	for !p.tok.is("]") {
		out.Values = append(out.Values, p.datum())
		if !p.accept(",") {
			break
		}
	}
	p.expect("]")
	out.Span = p.from(start)
	if len(out.Values)%len(out.Columns) != 0 {
		p.report(out.Span, "", "the datatable has %d values, which is no multiple of its %d columns", len(out.Values), len(out.Columns))
	}
	return out
}

// datum reads a constant with an optional sign.
func (p *parser) datum() Expr {
	start := p.tok.span.Start
	if p.tok.is("-") || p.tok.is("+") {
		sign := p.tok.text
		p.advance()
		if p.tok.kind == tokNumber {
			t := p.tok
			p.advance()
			if sign == "+" {
				sign = ""
			}
			return p.number(t, sign)
		}
		x := p.primary()
		return Unary{Span: p.from(start), Op: sign, X: x}
	}
	if p.tok.word("null") {
		p.fail(p.tok.span, "write long(null), datetime(null) and so on", "a bare null has no type")
	}
	return p.primary()
}

func (p *parser) externalData() Expr {
	at := p.tok.span
	p.unsupported(at, "queries read only the tables that the workspace has", "externaldata is not supported: no query may reach files or the network")
	return nil
}

// union reads union parameters tables, at the head or behind a pipe.
func (p *parser) union() Union {
	start := p.tok.span.Start
	p.advance()
	out := Union{Params: p.params()}
	out.Tables = list(p, p.tableRef)
	out.Span = p.from(start)
	return out
}

// tableRef reads a table: a name, perhaps with wildcards, or something in
// parentheses.
func (p *parser) tableRef() Expr {
	if p.tok.kind == tokIdent && !p.tok.quoted || p.tok.is("*") {
		if n, ok := p.wildcard(); ok {
			return n
		}
	}
	return p.postfix()
}

// wildcard reads a name with at least one * in it, letters and stars touching.
func (p *parser) wildcard() (Name, bool) {
	m, start := p.mark(), p.tok.span.Start
	stars := 0
	for first := true; first || p.tok.span.Start == p.last; first = false {
		if p.tok.is("*") {
			stars++
		} else if p.tok.quoted || p.tok.kind != tokIdent && p.tok.kind != tokNumber {
			break
		}
		p.advance()
	}
	if stars == 0 || p.last == start {
		p.reset(m)
		return Name{}, false
	}
	span := p.from(start)
	return Name{Span: span, Text: p.lex.text[span.Start:span.End]}, true
}

// params reads kind=inner, hint.x=y and the like; a name that is not followed
// by = ends them.
func (p *parser) params() Params {
	var out Params
	for {
		next, ok := p.param()
		if !ok {
			return out
		}
		out = append(out, next)
	}
}

// param reads one parameter if it is there.
func (p *parser) param() (out Param, ok bool) {
	if p.tok.kind != tokIdent || p.tok.quoted {
		return out, false
	}
	start := p.tok.span.Start
	if !p.attempt(func() {
		out.Name = p.anyName().Text
		if p.accept(".") {
			out.Name += "." + p.anyName().Text
		}
		p.expect("=")
	}) {
		return out, false
	}
	out.Value = p.paramValue()
	out.Span = p.from(start)
	return out, true
}

func (p *parser) paramValue() Expr {
	if p.tok.kind == tokIdent {
		if p.tok.word("true") || p.tok.word("false") {
			return p.primary()
		}
		return p.anyName()
	}
	return p.unary()
}
