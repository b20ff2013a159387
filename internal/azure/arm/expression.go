package arm

import (
	"fmt"
	"strings"
)

// An expression of the template language, taken apart.
type expression any

type (
	literal struct{ text string }
	number  struct{ digits string }
	call    struct {
		name      string // as written; with its namespace, if it has one
		arguments []expression
	}
	// access takes a value out of an object or array, step by step.
	access struct {
		of    expression
		steps []expression // a literal for ".name", any expression for "[…]"
	}
)

// longestExpression is Resource Manager's limit.
const longestExpression = 24576

// deepestExpression bounds how far calls and indexes are nested.
const deepestExpression = 100

// isExpression reports whether a string of a template is one: it stands in
// brackets. A string that is no expression and begins with a bracket is
// written with two.
func isExpression(text string) bool {
	return strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") && !strings.HasPrefix(text, "[[")
}

// parseExpression takes an expression apart; the text is without its brackets.
func parseExpression(text string) (expression, error) {
	if len(text) > longestExpression {
		return nil, fmt.Errorf("the expression is longer than %d characters", longestExpression)
	}
	p := expressionParser{text: text}
	e, err := p.expression(0)
	if err == nil && p.peek() != 0 {
		err = p.unexpected()
	}
	return e, err
}

type expressionParser struct {
	text string
	at   int
}

// peek skips blanks and returns the next byte; 0 at the end.
func (p *expressionParser) peek() byte {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// take consumes the byte if it is next.
func (p *expressionParser) take(b byte) bool {
	if p.peek() != b {
		return false
	}
	p.at++
	return true
}

func (p *expressionParser) unexpected() error {
	if b := p.peek(); b != 0 {
		return fmt.Errorf("%q is not expected at character %d", b, p.at+1)
	}
	return fmt.Errorf("the expression ends too early")
}

// expression is a string, a number or a call, and what is taken out of it.
func (p *expressionParser) expression(depth int) (expression, error) {
	if depth == deepestExpression {
		return nil, fmt.Errorf("the expression is nested more than %d deep", deepestExpression)
	}
	e, err := p.primary(depth)
	if err != nil {
		return nil, err
	}
	steps, err := p.steps(depth)
	if err != nil || len(steps) == 0 {
		return e, err
	}
	return access{e, steps}, nil
}

// steps are what follows a call: ".name" and "[index]", as often as it likes.
func (p *expressionParser) steps(depth int) ([]expression, error) {
	var steps []expression
	for {
		switch {
		case p.take('.'):
			name := p.name()
			if name == "" {
				return nil, p.unexpected()
			}
			steps = append(steps, literal{name})
		case p.take('['):
			index, err := p.expression(depth + 1)
			if err == nil && !p.take(']') {
				err = p.unexpected()
			}
			if err != nil {
				return nil, err
			}
			steps = append(steps, index)
		default:
			return steps, nil
		}
	}
}

func (p *expressionParser) primary(depth int) (expression, error) {
	switch b := p.peek(); {
	case b == '\'':
		return p.literal()
	case b == '-' || '0' <= b && b <= '9':
		return p.number()
	}
	name := p.name()
	for name != "" && p.take('.') {
		name += "." + p.name()
	}
	if name == "" || !p.take('(') {
		return nil, p.unexpected()
	}
	return p.call(name, depth)
}

func (p *expressionParser) call(name string, depth int) (expression, error) {
	c := call{name: name}
	if p.take(')') {
		return c, nil
	}
	for {
		argument, err := p.expression(depth + 1)
		if err != nil {
			return nil, err
		}
		c.arguments = append(c.arguments, argument)
		switch {
		case p.take(')'):
			return c, nil
		case !p.take(','):
			return nil, p.unexpected()
		}
	}
}

// literal is a string in single quotes, in which two of them stand for one.
func (p *expressionParser) literal() (expression, error) {
	var b strings.Builder
	for p.at++; ; {
		end := strings.IndexByte(p.text[p.at:], '\'')
		if end < 0 {
			return nil, fmt.Errorf("a string has no end")
		}
		b.WriteString(p.text[p.at : p.at+end])
		if p.at += end + 1; p.at == len(p.text) || p.text[p.at] != '\'' {
			return literal{b.String()}, nil
		}
		b.WriteByte('\'')
		p.at++
	}
}

func (p *expressionParser) number() (expression, error) {
	begin := p.at
	for p.at++; p.at < len(p.text) && '0' <= p.text[p.at] && p.text[p.at] <= '9'; {
		p.at++
	}
	if p.text[begin:p.at] == "-" {
		return nil, p.unexpected()
	}
	return number{p.text[begin:p.at]}, nil
}

func (p *expressionParser) name() string {
	p.peek()
	begin := p.at
	for p.at < len(p.text) && isNameByte(p.text[p.at]) {
		p.at++
	}
	return p.text[begin:p.at]
}

func isNameByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_' || b == '$'
}
