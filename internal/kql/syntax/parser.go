package syntax

import (
	"fmt"
	"slices"
	"strings"
)

// maxDepth bounds how deeply expressions and queries may be nested.
const maxDepth = 150

// maxDiagnostics is how many mistakes are told; more would not be read.
const maxDiagnostics = 20

// Parse reads a query. The tree is never nil; what the diagnostics refuse is
// missing in it.
func Parse(text string) (*Query, Diagnostics) {
	p := &parser{lex: lexer{text: text}}
	p.advance()
	q := &Query{Text: text, Statements: p.statements(false)}
	for i := range p.diags {
		p.diags[i].Complete(text, CodeSyntax)
	}
	slices.SortStableFunc(p.diags, func(a, b Diagnostic) int { return a.Span.Start - b.Span.Start })
	return q, p.diags
}

// parser holds the current token; the lexer stands behind it.
type parser struct {
	lex   lexer
	tok   token
	last  int // where the previous token ended
	diags Diagnostics
	depth int
}

// bailout is what fail throws and recovering catches.
type bailout struct{}

// advance moves to the next token.
func (p *parser) advance() {
	p.last = p.tok.span.End
	p.tok = p.lex.next()
}

// mark is a place to come back to.
type mark struct {
	pos, last, diags int
	tok              token
}

func (p *parser) mark() mark { return mark{p.lex.pos, p.last, len(p.diags), p.tok} }

func (p *parser) reset(m mark) {
	p.lex.pos, p.last, p.tok, p.diags = m.pos, m.last, m.tok, p.diags[:m.diags]
}

// attempt runs f and takes everything back if it fails.
func (p *parser) attempt(f func()) (ok bool) {
	m, depth := p.mark(), p.depth
	defer func() {
		if r := recover(); r != nil {
			if _, mine := r.(bailout); !mine {
				panic(r)
			}
			p.reset(m)
			p.depth, ok = depth, false
		}
	}()
	f()
	return true
}

// recovering runs f; when it fails, the mistake stays on record and the parser
// goes on at the next pipe, semicolon or closing bracket.
func (p *parser) recovering(f func()) {
	depth := p.depth
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if _, mine := r.(bailout); !mine {
			panic(r)
		}
		p.depth = depth
		p.synchronise()
	}()
	f()
}

// synchronise skips to a token at which an operator or statement can begin.
func (p *parser) synchronise() {
	open := 0
	for p.tok.kind != tokEOF {
		switch {
		case p.tok.is("(") || p.tok.is("[") || p.tok.is("{"):
			open++
		case p.tok.is(")") || p.tok.is("]") || p.tok.is("}"):
			if open == 0 {
				return
			}
			open--
		case open == 0 && (p.tok.is("|") || p.tok.is(";")):
			return
		}
		p.advance()
	}
}

// report records a mistake.
func (p *parser) report(at Span, hint, format string, args ...any) {
	if len(p.diags) < maxDiagnostics {
		p.diags = append(p.diags, Diagnostic{Severity: Error, Span: at, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
}

// fail records a mistake and leaves the rule.
func (p *parser) fail(at Span, hint, format string, args ...any) {
	p.report(at, hint, format, args...)
	panic(bailout{})
}

// unsupported fails because of something that Kusto has and this engine has not.
func (p *parser) unsupported(at Span, hint, format string, args ...any) {
	if len(p.diags) < maxDiagnostics {
		p.report(at, hint, format, args...)
		p.diags[len(p.diags)-1].Code = CodeUnsupported
	}
	panic(bailout{})
}

// unexpected fails because the current token is not what was expected.
func (p *parser) unexpected(expected string) {
	hint := ""
	if p.tok.kind == tokBad {
		hint = badHint(p.tok.text)
	}
	p.fail(p.tok.span, hint, "expected %s, found %s", expected, p.tok.describe())
}

func badHint(text string) string {
	if strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "'") {
		return "the string does not end on its line, or has an unknown escape; @\"...\" takes backslashes as they are"
	}
	return ""
}

// accept passes the punctuation mark if it is there.
func (p *parser) accept(punct string) bool {
	if !p.tok.is(punct) {
		return false
	}
	p.advance()
	return true
}

// expect passes the punctuation mark, or fails.
func (p *parser) expect(punct string) {
	if !p.accept(punct) {
		p.unexpected("'" + punct + "'")
	}
}

// acceptWord passes the keyword if it is there.
func (p *parser) acceptWord(word string) bool {
	if !p.tok.word(word) {
		return false
	}
	p.advance()
	return true
}

// expectWord passes the keyword, or fails.
func (p *parser) expectWord(word string) {
	if !p.acceptWord(word) {
		p.unexpected("'" + word + "'")
	}
}

// from makes the span that began at start and ends before the current token.
func (p *parser) from(start int) Span { return Span{start, max(start, p.last)} }

// nested runs f one level deeper, and fails where that is too deep.
func (p *parser) nested(f func()) {
	p.depth++
	if p.depth > maxDepth {
		p.fail(p.tok.span, "", "the query is nested more than %d levels deep", maxDepth)
	}
	f()
	p.depth--
}

// peek returns the token behind the current one.
func (p *parser) peek() token {
	pos := p.lex.pos
	t := p.lex.next()
	p.lex.pos = pos
	return t
}

// list reads one or more items with commas between.
func list[T any](p *parser, item func() T) []T {
	out := []T{item()}
	for p.accept(",") {
		out = append(out, item())
	}
	return out
}
