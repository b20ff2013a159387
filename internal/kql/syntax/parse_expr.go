package syntax

// expr reads a scalar expression.
func (p *parser) expr() (x Expr) {
	p.nested(func() { x = p.or() })
	return x
}

// named reads an expression with an optional "name =" or "(a, b) =" in front.
func (p *parser) named() Expr {
	start := p.tok.span.Start
	if p.tok.kind == tokIdent && p.peek().is("=") {
		n := p.newName()
		p.advance()
		x := p.expr()
		return Named{Span: p.from(start), Names: []Name{n}, X: x}
	}
	if p.tok.is("(") {
		var names []Name
		if p.attempt(func() {
			p.advance()
			names = list(p, p.anyName)
			p.expect(")")
			p.expect("=")
		}) {
			x := p.expr()
			return Named{Span: p.from(start), Names: names, X: x}
		}
	}
	return p.expr()
}

func (p *parser) or() Expr {
	return p.leftAssociative(p.and, func() bool { return p.tok.word("or") })
}

func (p *parser) and() Expr {
	return p.leftAssociative(p.equality, func() bool { return p.tok.word("and") })
}

func (p *parser) additive() Expr {
	return p.leftAssociative(p.multiplicative, func() bool { return p.tok.is("+") || p.tok.is("-") })
}

func (p *parser) multiplicative() Expr {
	return p.leftAssociative(p.text, func() bool { return p.tok.is("*") || p.tok.is("/") || p.tok.is("%") })
}

// leftAssociative reads operands with operators between.
func (p *parser) leftAssociative(operand func() Expr, isOp func() bool) Expr {
	start := p.tok.span.Start
	x := operand()
	for isOp() {
		op := p.tok
		p.advance()
		y := operand()
		x = Binary{Span: p.from(start), Op: op.text, OpAt: op.span, X: x, Y: y}
	}
	return x
}

// equality reads ==, !=, in and between, which bind weaker than comparison.
func (p *parser) equality() Expr {
	start := p.tok.span.Start
	x := p.relational()
	switch {
	case p.tok.is("==") || p.tok.is("!=") || p.tok.is("<>"):
		op := p.tok
		if op.text == "<>" {
			op.text = "!="
		}
		p.advance()
		y := p.relational()
		return Binary{Span: p.from(start), Op: op.text, OpAt: op.span, X: x, Y: y}
	case p.tok.word("between"):
		p.advance()
		return p.between(start, x, false)
	case listOps[p.tok.text] && p.tok.kind == tokIdent && !p.tok.quoted:
		op := p.tok.text
		p.advance()
		return p.inList(start, x, op)
	case p.tok.is("!"):
		return p.negated(start, x)
	}
	return x
}

// negated reads !between and !in; the other negations are string operators.
func (p *parser) negated(start int, x Expr) Expr {
	switch next := p.peek(); {
	case next.word("between"):
		p.advance()
		p.advance()
		return p.between(start, x, true)
	case next.kind == tokIdent && listOps[next.text]:
		p.advance()
		p.advance()
		return p.inList(start, x, "!"+next.text)
	}
	return x
}

func (p *parser) between(start int, x Expr, not bool) Expr {
	b := Between{X: x, Not: not}
	p.expect("(")
	b.Low = p.expr()
	p.expect("..")
	b.High = p.expr()
	p.expect(")")
	b.Span = p.from(start)
	return b
}

// inList reads the ~ of in~ and the list.
func (p *parser) inList(start int, x Expr, op string) Expr {
	if p.tok.kind == tokBad && p.tok.text == "~" && p.tok.span.Start == p.last {
		op += "~"
		p.advance()
	}
	p.expect("(")
	in := In{Op: op, X: x, List: list(p, p.pipe)}
	p.expect(")")
	in.Span = p.from(start)
	return in
}

func (p *parser) relational() Expr {
	start := p.tok.span.Start
	x := p.additive()
	for _, op := range []string{"<", ">", "<=", ">="} {
		if !p.tok.is(op) {
			continue
		}
		at := p.tok.span
		p.advance()
		y := p.additive()
		return Binary{Span: p.from(start), Op: op, OpAt: at, X: x, Y: y}
	}
	return x
}

// text reads the operators on text: has, contains, =~, matches regex and so on.
func (p *parser) text() Expr {
	start := p.tok.span.Start
	x := p.unary()
	for {
		op, tokens := p.stringOp()
		if op == "" {
			return x
		}
		at := p.tok.span
		for range tokens {
			p.advance()
		}
		y := p.unary()
		x = Binary{Span: p.from(start), Op: op, OpAt: at, X: x, Y: y}
	}
}

// stringOp returns the string operator that stands here and how many tokens it
// is made of.
func (p *parser) stringOp() (op string, tokens int) {
	switch {
	case p.tok.is("=~") || p.tok.is("!~"):
		return p.tok.text, 1
	case p.tok.is(":"):
		return "has", 1
	case p.tok.word("matches") && p.peek().word("regex"):
		return "matches regex", 2
	case p.tok.kind == tokIdent && !p.tok.quoted && stringOps[p.tok.text]:
		return canonicalOp(p.tok.text), 1
	case p.tok.is("!"):
		next := p.peek()
		if next.kind == tokIdent && !next.quoted && stringOps[next.text] && next.span.Start == p.tok.span.End {
			return "!" + canonicalOp(next.text), 2
		}
	}
	return "", 0
}

// canonicalOp gives old spellings of operators their present name.
func canonicalOp(op string) string {
	switch op {
	case "notcontains":
		return "!contains"
	case "containscs":
		return "contains_cs"
	case "notcontainscs":
		return "!contains_cs"
	}
	return op
}

// unary reads a sign and an operand.
func (p *parser) unary() Expr {
	start := p.tok.span.Start
	if !p.tok.is("-") && !p.tok.is("+") {
		return p.postfix()
	}
	op := p.tok.text
	p.advance()
	var x Expr
	p.nested(func() { x = p.unary() })
	return Unary{Span: p.from(start), Op: op, X: x}
}

// postfix reads an operand with .name and [index] behind it.
func (p *parser) postfix() Expr {
	start := p.tok.span.Start
	x := p.primary()
	for {
		switch {
		case p.tok.is(".") && p.peek().kind == tokIdent && !opensBracket(p.lex.text[p.tok.span.End:]):
			p.advance()
			n := p.anyName()
			if p.tok.is("(") {
				p.unsupported(n.Span, "only the tables of this workspace can be read", "'.%s(...)' is not supported", n.Text)
			}
			x = Path{Span: p.from(start), X: x, Name: n}
		case p.tok.is(".") && opensBracket(p.lex.text[p.tok.span.End:]):
			p.advance()
			x = p.element(start, x)
		case p.atBracket() && p.tok.span.Start == p.last:
			x = p.element(start, x)
		default:
			return x
		}
	}
}

// element reads [index] behind x.
func (p *parser) element(start int, x Expr) Expr {
	p.openBracket()
	i := p.expr()
	p.expect("]")
	return Index{Span: p.from(start), X: x, I: i}
}

// opensBracket tells x.[i], another spelling of x[i].
func opensBracket(s string) bool { return s != "" && s[0] == '[' }

// atBracket tells whether a bracket opens here, also one that the lexer has
// read as the name ['x'].
func (p *parser) atBracket() bool {
	return p.tok.is("[") || p.tok.quoted && p.lex.text[p.tok.span.Start] == '['
}

// openBracket passes the bracket only.
func (p *parser) openBracket() {
	if !p.atBracket() {
		p.unexpected("'['")
	}
	p.lex.pos = p.tok.span.Start + 1
	p.last = p.lex.pos
	p.tok = p.lex.next()
}
