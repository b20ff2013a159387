package syntax

import "strings"

// opName reads the name of an operator, hyphens included.
func (p *parser) opName() (name string, at Span) {
	start := p.tok.span.Start
	if p.tok.kind != tokIdent || p.tok.quoted {
		p.unexpected("an operator")
	}
	end := start
	for end < len(p.lex.text) && (isWordByte(p.lex.text[end]) || p.lex.text[end] == '-') {
		end++
	}
	candidate := p.lex.text[start:end]
	for name = candidate; !operators[name]; {
		cut := strings.LastIndexByte(name, '-')
		if cut < 0 {
			p.fail(Span{start, end}, DidYouMean(candidate, Operators()), "'%s' is not an operator", candidate)
		}
		name = name[:cut]
	}
	if unsupported[name] {
		p.unsupported(Span{start, start + len(name)}, "", "the operator '%s' is not supported", name)
	}
	p.lex.pos = start + len(name)
	p.tok.span = Span{start, p.lex.pos}
	p.advance()
	return name, Span{start, start + len(name)}
}

// op reads one operator.
func (p *parser) op() Op {
	start := p.tok.span.Start
	m := p.mark()
	name, at := p.opName()
	switch name {
	case "union", "search", "find", "evaluate", "print":
		p.reset(m)
		return p.head(p.tok, p.peek())
	case "where", "filter":
		return p.simple(start, "where", at, p.where)
	case "extend", "project":
		return p.simple(start, name, at, p.namedList)
	case "serialize":
		return p.simple(start, name, at, p.optionalList)
	case "project-away", "project-keep":
		return p.simple(start, name, at, p.patternList)
	case "project-rename":
		return p.simple(start, name, at, p.namedList)
	case "project-reorder":
		return p.reorder(start)
	case "distinct":
		return p.simple(start, name, at, p.distinctList)
	case "count":
		return p.simple(start, name, at, p.countAs)
	case "take", "limit":
		return p.simple(start, "take", at, p.one)
	case "sample", "sample-distinct":
		return p.simple(start, name, at, p.sampleOf)
	case "getschema", "consume":
		return p.simple(start, name, at, func() []Expr { return nil })
	}
	return p.largerOp(start, name)
}

func (p *parser) largerOp(start int, name string) Op {
	switch name {
	case "top-hitters":
		return p.topHitters(start)
	case "sort", "order":
		p.params()
		p.expectWord("by")
		return Sort{Keys: list(p, p.ordered), Span: p.from(start)}
	case "top":
		return p.top(start)
	case "summarize":
		return p.summarize(start)
	case "join", "lookup":
		return p.join(start, name == "lookup")
	case "as":
		return As{Params: p.params(), Name: p.newName(), Span: p.from(start)}
	case "invoke":
		return Invoke{Call: p.call(), Span: p.from(start)}
	case "render":
		return p.render(start)
	case "parse", "parse-where":
		return p.parseOp(start, name == "parse-where")
	case "parse-kv":
		return p.parseKV(start)
	case "mv-expand", "mvexpand":
		return p.expand(start, false)
	case "mv-apply", "mvapply":
		return p.expand(start, true)
	case "make-series":
		return p.makeSeries(start)
	case "top-nested":
		return p.topNested(start)
	case "scan":
		return p.scanOp(start)
	case "partition":
		return p.partition(start)
	}
	return Unsupported{Name: name, Span: p.from(start)}
}

// simple reads the operands of an operator that has nothing but expressions.
func (p *parser) simple(start int, name string, at Span, args func() []Expr) Op {
	s := Simple{Name: name, NameAt: at}
	if name != "extend" && name != "project" && name != "project-rename" && name != "serialize" {
		s.Params = p.params()
	}
	s.Args = args()
	s.Span = p.from(start)
	return s
}

func (p *parser) one() []Expr       { return []Expr{p.expr()} }
func (p *parser) namedList() []Expr { return list(p, p.named) }

// where reads the condition; several with commas between hold together.
func (p *parser) where() []Expr { return list(p, p.expr) }

func (p *parser) optionalList() []Expr {
	if p.atEnd() {
		return nil
	}
	return p.namedList()
}

// atEnd tells whether the operator ends here.
func (p *parser) atEnd() bool {
	return p.tok.kind == tokEOF || p.tok.is("|") || p.tok.is(";") || p.tok.is(")") || p.tok.is("}")
}

// patternList reads names that may hold wildcards.
func (p *parser) patternList() []Expr {
	return list(p, func() Expr {
		if n, ok := p.wildcard(); ok {
			return n
		}
		return p.anyName()
	})
}

func (p *parser) distinctList() []Expr {
	return list(p, func() Expr {
		if p.tok.is("*") {
			t := p.tok
			p.advance()
			return Star{Span: t.span}
		}
		return p.named()
	})
}

// countAs reads the name that count may give its column.
func (p *parser) countAs() []Expr {
	if p.acceptWord("as") {
		return []Expr{p.anyName()}
	}
	return nil
}

// sampleOf reads the number, and the column of sample-distinct.
func (p *parser) sampleOf() []Expr {
	out := []Expr{p.expr()}
	if p.acceptWord("of") {
		out = append(out, p.named())
	}
	return out
}

// reorder reads the keys of project-reorder, which have directions.
func (p *parser) reorder(start int) Op {
	s := Simple{Name: "project-reorder"}
	s.Args = list(p, func() Expr {
		at := p.tok.span.Start
		var x Expr
		if n, ok := p.wildcard(); ok {
			x = n
		} else {
			x = p.anyName()
		}
		o := Ordered{X: x}
		for _, dir := range []string{"asc", "desc", "granny-asc", "granny-desc"} {
			if p.acceptWord(dir) {
				o.Dir = dir
			}
		}
		o.Span = p.from(at)
		return o
	})
	s.Span = p.from(start)
	return s
}
