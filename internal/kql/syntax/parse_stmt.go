package syntax

import "github.com/sekisho/sekisho/internal/kql/value"

// statements reads statements up to the end of the text, or of a function's
// body.
func (p *parser) statements(inBody bool) []Statement {
	var out []Statement
	for {
		for p.accept(";") {
		}
		if p.tok.kind == tokEOF || inBody && p.tok.is("}") {
			return out
		}
		ended := func() bool { return p.tok.is(";") || p.tok.kind == tokEOF || inBody && p.tok.is("}") }
		p.recovering(func() {
			out = append(out, p.statement())
			if !ended() {
				p.unexpected("'|', ';' or the end of the query")
			}
		})
		for !ended() { // behind a mistake: the next statement may be right again
			p.advance()
		}
	}
}

func (p *parser) statement() Statement {
	start := p.tok.span.Start
	switch {
	case p.tok.word("let"):
		return p.let()
	case p.tok.word("set") && p.peek().kind == tokIdent:
		p.advance()
		s := Set{Name: p.name()}
		if p.accept("=") {
			s.Value = p.expr()
		}
		s.Span = p.from(start)
		return s
	case p.tok.word("declare"):
		return p.declare()
	case p.tok.is("."):
		p.fail(p.tok.span, "management commands are sent to the management address, not as queries", "a query cannot begin with '.'")
	}
	for _, w := range []string{"alias", "restrict", "pattern"} {
		if p.tok.word(w) && p.peek().kind == tokIdent {
			p.unsupported(p.tok.span, "", "the statement '%s' is not supported", w)
		}
	}
	x := p.pipe()
	return QueryStatement{Span: p.from(start), X: x}
}

func (p *parser) let() Statement {
	start := p.tok.span.Start
	p.advance()
	l := Let{Name: p.newName()}
	p.expect("=")
	view := p.tok.word("view") && p.peek().is("(")
	if view {
		p.advance()
	}
	if p.tok.is("(") && (view || p.isFunction()) {
		l.Function = p.function(view)
	} else {
		l.Value = p.pipe()
	}
	l.Span = p.from(start)
	return l
}

// isFunction tells whether the parenthesis here closes in front of a brace.
func (p *parser) isFunction() bool {
	m := p.mark()
	defer p.reset(m)
	for open := 0; p.tok.kind != tokEOF; p.advance() {
		switch {
		case p.tok.is("("):
			open++
		case p.tok.is(")"):
			if open--; open == 0 {
				p.advance()
				return p.tok.is("{")
			}
		case p.tok.is(";"):
			return false
		}
	}
	return false
}

func (p *parser) function(view bool) *Function {
	start := p.tok.span.Start
	f := &Function{View: view}
	p.expect("(")
	if !p.tok.is(")") {
		f.Params = list(p, p.functionParam)
	}
	p.expect(")")
	p.expect("{")
	p.nested(func() { f.Body = p.statements(true) })
	p.expect("}")
	f.Span = p.from(start)
	return f
}

func (p *parser) functionParam() FunctionParam {
	start := p.tok.span.Start
	f := FunctionParam{Name: p.newName()}
	p.expect(":")
	if p.accept("(") {
		f.Tabular = true
		if p.accept("*") {
			f.AnySchema = true
		} else if !p.tok.is(")") {
			f.Schema = list(p, p.columnDecl)
		}
		p.expect(")")
	} else {
		f.Type = p.typeName()
	}
	if p.accept("=") {
		f.Default = p.unary()
	}
	f.Span = p.from(start)
	return f
}

// columnDecl reads name:type.
func (p *parser) columnDecl() ColumnDecl {
	start := p.tok.span.Start
	c := ColumnDecl{Name: p.anyName()}
	p.expect(":")
	c.Type = p.typeName()
	c.Span = p.from(start)
	return c
}

// typeName reads the name of a type.
func (p *parser) typeName() value.Type {
	t, ok := value.ParseType(p.tok.text)
	if p.tok.kind != tokIdent || !ok {
		p.fail(p.tok.span, DidYouMean(p.tok.text, typeNames), "expected a type, found %s", p.tok.describe())
	}
	p.advance()
	return t
}

var typeNames = []string{"bool", "int", "long", "real", "decimal", "string", "datetime", "timespan", "guid", "dynamic"}

func (p *parser) declare() Statement {
	start := p.tok.span.Start
	p.advance()
	if p.tok.word("pattern") {
		p.fail(p.tok.span, "", "the statement 'pattern' is not supported")
	}
	if !p.acceptWord("query_parameters") {
		p.fail(p.tok.span, "", "only 'declare query_parameters' is supported")
	}
	p.expect("(")
	d := Declare{Params: list(p, p.declared)}
	p.expect(")")
	d.Span = p.from(start)
	return d
}

func (p *parser) declared() Declared {
	d := Declared{ColumnDecl: p.columnDecl()}
	if p.accept("=") {
		d.Default = p.expr()
	}
	return d
}
