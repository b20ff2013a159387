package syntax

// makeSeries reads make-series aggregates on axis from a to b step c by keys.
func (p *parser) makeSeries(start int) Op {
	out := MakeSeries{}
	for p.tok.word("kind") && p.peek().is("=") || p.tok.word("hint") && p.peek().is(".") {
		next, ok := p.param() // the rest may be columns: n = count()
		if !ok {
			break
		}
		out.Params = append(out.Params, next)
	}
	out.Aggs = list(p, p.seriesAgg)
	p.expectWord("on")
	if p.peek().word("in") { // not x in (...)
		out.On = p.anyName()
	} else {
		out.On = p.named()
	}
	if p.acceptWord("in") {
		out.InRange = true
		p.expectWord("range")
		p.expect("(")
		out.From = p.expr()
		p.expect(",")
		out.To = p.expr()
		p.expect(",")
		out.Step = p.expr()
		p.expect(")")
	} else {
		p.seriesBounds(&out)
	}
	if p.acceptWord("by") {
		out.Keys = p.namedList()
	}
	out.Span = p.from(start)
	return out
}

func (p *parser) seriesBounds(out *MakeSeries) {
	if p.acceptWord("from") {
		out.From = p.expr()
	}
	if p.acceptWord("to") {
		out.To = p.expr()
	}
	p.expectWord("step")
	out.Step = p.expr()
}

func (p *parser) seriesAgg() SeriesAgg {
	start := p.tok.span.Start
	a := SeriesAgg{X: p.named()}
	if p.acceptWord("default") {
		p.expect("=")
		a.Default = p.expr()
	}
	a.Span = p.from(start)
	return a
}

// topNested reads top-nested n of x by agg, and the levels that follow.
func (p *parser) topNested(start int) Op {
	out := TopNested{Levels: []NestedLevel{p.nestedLevel()}}
	for p.accept(",") {
		if name, at := p.opName(); name != "top-nested" {
			p.fail(at, "", "expected 'top-nested', found '%s'", name)
		}
		out.Levels = append(out.Levels, p.nestedLevel())
	}
	out.Span = p.from(start)
	return out
}

func (p *parser) nestedLevel() NestedLevel {
	start := p.tok.span.Start
	l := NestedLevel{}
	if !p.tok.word("of") {
		l.N = p.expr()
	}
	p.expectWord("of")
	l.X = p.named()
	if p.acceptWord("with") {
		p.expectWord("others")
		p.expect("=")
		l.Others = p.expr()
	}
	p.expectWord("by")
	l.Agg = p.named()
	if p.tok.word("asc") || p.tok.word("desc") {
		l.Dir = p.tok.text
		p.advance()
	}
	l.Span = p.from(start)
	return l
}

// scanOp reads scan [partition by] [declare (...)] with (steps).
func (p *parser) scanOp(start int) Op {
	out := ScanOp{Params: p.scanParams()}
	if p.tok.word("order") {
		p.advance()
		p.expectWord("by")
		out.Order = list(p, p.ordered)
	}
	if p.acceptWord("partition") {
		p.expectWord("by")
		out.Partition = list(p, p.expr)
	}
	if p.acceptWord("declare") {
		p.expect("(")
		out.Declare = list(p, p.declared)
		p.expect(")")
	}
	p.expectWord("with")
	p.expect("(")
	for p.tok.word("step") {
		out.Steps = append(out.Steps, p.scanStep())
	}
	p.expect(")")
	out.Span = p.from(start)
	return out
}

func (p *parser) scanParams() Params {
	if p.tok.word("with_match_id") || p.tok.word("with_step_name") {
		return p.params()
	}
	return nil
}

func (p *parser) scanStep() ScanStep {
	start := p.tok.span.Start
	p.advance()
	s := ScanStep{Name: p.anyName(), Output: "all"}
	s.Optional = p.acceptWord("optional")
	if p.acceptWord("output") {
		p.expect("=")
		s.Output = p.anyName().Text
	}
	p.expect(":")
	s.Cond = p.expr()
	if p.accept("=>") {
		s.Sets = p.namedList()
	}
	p.expect(";")
	s.Span = p.from(start)
	return s
}
