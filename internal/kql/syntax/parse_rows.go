package syntax

// ordered reads a key with asc or desc and nulls first or last.
func (p *parser) ordered() Ordered {
	start := p.tok.span.Start
	o := Ordered{X: p.named()}
	if p.tok.word("asc") || p.tok.word("desc") {
		o.Dir = p.tok.text
		p.advance()
	}
	if p.acceptWord("nulls") {
		if !p.tok.word("first") && !p.tok.word("last") {
			p.unexpected("'first' or 'last'")
		}
		o.Nulls = p.tok.text
		p.advance()
	}
	o.Span = p.from(start)
	return o
}

func (p *parser) top(start int) Op {
	t := Top{}
	p.params()
	t.N = p.expr()
	p.expectWord("by")
	t.Keys = []Ordered{p.ordered()}
	if p.tok.is(",") {
		p.fail(p.tok.span, "order by several expressions, and take behind it", "top orders by one expression")
	}
	t.Span = p.from(start)
	return t
}

// topHitters reads top-hitters n of x by weight.
func (p *parser) topHitters(start int) Op {
	t := TopHitters{N: p.expr()}
	p.expectWord("of")
	t.X = p.named()
	if p.acceptWord("by") {
		t.By = p.expr()
	}
	t.Span = p.from(start)
	return t
}

func (p *parser) summarize(start int) Op {
	s := Summarize{}
	p.params0()
	if !p.tok.word("by") {
		s.Aggs = p.namedList()
	}
	if p.acceptWord("by") {
		s.Keys = p.namedList()
	}
	s.Span = p.from(start)
	return s
}

// params0 passes hints only, where name = x would be a column.
func (p *parser) params0() {
	for p.tok.word("hint") && p.peek().is(".") {
		p.advance()
		p.advance()
		p.anyName()
		p.expect("=")
		p.paramValue()
	}
}

func (p *parser) join(start int, lookup bool) Op {
	j := Join{Lookup: lookup, Params: p.params()}
	j.Right = p.tableRef()
	if p.acceptWord("on") {
		j.On = list(p, p.expr)
	} else if !lookup {
		p.unexpected("'on' and the columns to join by")
	}
	j.Span = p.from(start)
	return j
}

func (p *parser) render(start int) Op {
	r := Render{Kind: p.anyName().Text}
	if p.acceptWord("with") {
		p.expect("(")
		for !p.tok.is(")") {
			r.Props = append(r.Props, p.property())
			if !p.accept(",") {
				break
			}
		}
		p.expect(")")
	} else {
		for p.tok.kind == tokIdent {
			r.Props = append(r.Props, p.property())
		}
	}
	r.Span = p.from(start)
	return r
}

// property reads name=value, where the value may be a list of names.
func (p *parser) property() Param {
	start := p.tok.span.Start
	out := Param{Name: p.anyName().Text}
	p.expect("=")
	out.Value = p.paramValue()
	for p.tok.is(",") && p.peek().kind == tokIdent {
		m := p.mark()
		p.advance()
		p.anyName()
		if p.tok.is("=") {
			p.reset(m)
			break
		}
	}
	out.Span = p.from(start)
	return out
}

// subquery reads operators in parentheses, the first without a pipe, as
// mv-apply and partition have them. A source of its own may stand in front.
func (p *parser) subquery() *Pipe {
	start := p.tok.span.Start
	closing := ")"
	if p.accept("{") {
		closing = "}"
	} else {
		p.expect("(")
	}
	out := &Pipe{}
	p.nested(func() {
		if p.tok.kind == tokIdent && operators[p.word()] {
			p.recovering(func() { out.Ops = append(out.Ops, p.op()) })
		} else {
			out.Source = p.expr()
		}
		out.Ops = append(out.Ops, p.ops()...)
	})
	p.expect(closing)
	out.Span = p.from(start)
	return out
}

// word returns the word here with its hyphens, as far as it is an operator.
func (p *parser) word() (name string) {
	p.attempt(func() {
		m := p.mark()
		name, _ = p.opName()
		p.reset(m)
	})
	return name
}

// partition reads partition by column (subquery).
func (p *parser) partition(start int) Op {
	out := Partition{Params: p.params()}
	p.expectWord("by")
	out.By = p.anyName()
	out.Sub = p.subquery()
	out.Span = p.from(start)
	return out
}

func (p *parser) evaluate() Evaluate {
	start := p.tok.span.Start
	p.advance()
	e := Evaluate{Params: p.params()}
	e.Call = p.call()
	if p.accept(":") {
		p.expect("(")
		if p.accept("*") {
			p.accept(",")
		}
		if !p.tok.is(")") {
			e.Schema = list(p, p.columnDecl)
		}
		p.expect(")")
	}
	e.Span = p.from(start)
	return e
}

// search reads search [kind=...] [in (tables)] condition.
func (p *parser) search() Search {
	start := p.tok.span.Start
	p.advance()
	s := Search{Params: p.params()}
	if p.acceptWord("in") {
		s.Tables = p.tableList()
	}
	s.Cond = p.expr()
	s.Span = p.from(start)
	return s
}

func (p *parser) tableList() []Expr {
	p.expect("(")
	out := list(p, p.tableRef)
	p.expect(")")
	return out
}

// find reads find [in (tables)] [where] condition [project columns].
func (p *parser) find() Find {
	start := p.tok.span.Start
	p.advance()
	f := Find{Params: p.params()}
	if p.acceptWord("in") {
		f.Tables = p.tableList()
	}
	p.acceptWord("where")
	f.Cond = p.expr()
	if p.acceptWord("project") && (!p.accept("-") || !p.acceptWord("smart")) {
		f.Project = list(p, p.findColumn)
	}
	f.Span = p.from(start)
	return f
}

// findColumn reads a column of find, with an optional type, or pack(*).
func (p *parser) findColumn() FindColumn {
	start := p.tok.span.Start
	out := FindColumn{}
	if p.peek().is("(") && (p.tok.word("pack") || p.tok.word("pack_all")) {
		p.advance()
		p.advance()
		p.accept("*")
		p.expect(")")
		out.Pack, out.Span = true, p.from(start)
		return out
	}
	out.Name = p.anyName()
	if out.Typed = p.accept(":"); out.Typed {
		out.Type = p.typeName()
	}
	out.Span = p.from(start)
	return out
}
