package tree

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// deepest bounds how far values are nested. Templates reach about 20.
const deepest = 200

// SyntaxError says where a text is no JSON.
type SyntaxError struct {
	Line int
	Text string // what is wrong, in words
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// Parse reads one JSON value and nothing after it. It takes what Azure's tools
// write and read beyond JSON: a byte order mark, UTF-16 with one (older
// PowerShell's ">" writes it), and comments as in JavaScript. Of two fields of
// one name the last counts. The error is a *SyntaxError.
func Parse(data []byte) (*Node, error) {
	p := newParser(uncommented(decodeText(data)))
	n, err := p.value(0)
	if err == nil {
		_, end := p.d.Token()
		if !errors.Is(end, io.EOF) {
			err = p.fail("something follows the end of the value")
		}
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

type parser struct {
	text    []byte
	d       *json.Decoder
	line    int // of the offset that it was last asked for
	counted int
}

func newParser(text []byte) *parser {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return &parser{text: text, d: d, line: 1}
}

// at is the line of the token that was read last. Offsets only grow.
func (p *parser) at() int {
	offset := int(p.d.InputOffset())
	p.line += bytes.Count(p.text[p.counted:offset], []byte{'\n'})
	p.counted = offset
	return p.line
}

func (p *parser) fail(text string) error { return &SyntaxError{p.at(), text} }

func (p *parser) token() (json.Token, error) {
	t, err := p.d.Token()
	if err == nil {
		return t, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		whole := bytes.TrimSuffix(p.text, []byte{'\n'})
		return nil, &SyntaxError{1 + bytes.Count(whole, []byte{'\n'}), "the text ends before the value does"}
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := p.text[:min(int(syntax.Offset), len(p.text))]
		return nil, &SyntaxError{1 + bytes.Count(before, []byte{'\n'}), syntax.Error()}
	}
	return nil, p.fail(err.Error())
}

func (p *parser) value(depth int) (*Node, error) {
	t, err := p.token()
	if err != nil {
		return nil, err
	}
	n := &Node{Line: p.at()}
	switch t := t.(type) {
	case json.Delim:
		if depth == deepest {
			return nil, p.fail(fmt.Sprintf("values are nested more than %d deep", deepest))
		}
		if t == '{' {
			return n, p.object(n, depth+1)
		}
		return n, p.array(n, depth+1)
	case string:
		n.Kind, n.Text = String, t
	case json.Number:
		n.Kind, n.Text = Number, t.String()
	case bool:
		n.Kind, n.Bool = Bool, t
	}
	return n, nil
}

func (p *parser) array(n *Node, depth int) error {
	n.Kind = Array
	for p.d.More() {
		item, err := p.value(depth)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
	}
	_, err := p.token()
	return err
}

func (p *parser) object(n *Node, depth int) error {
	n.Kind = Object
	places := map[string]int{}
	for p.d.More() {
		name, err := p.token()
		if err != nil {
			return err
		}
		value, err := p.value(depth)
		if err != nil {
			return err
		}
		f := Field{name.(string), value}
		key := strings.ToLower(f.Name)
		if place, again := places[key]; again {
			n.Fields[place] = f
			continue
		}
		places[key] = len(n.Fields)
		n.Fields = append(n.Fields, f)
	}
	_, err := p.token()
	return err
}

// decodeText returns UTF-8 without a byte order mark.
func decodeText(data []byte) []byte {
	switch {
	case bytes.HasPrefix(data, []byte{0xef, 0xbb, 0xbf}):
		return data[3:]
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return fromUTF16(data[2:], 0)
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return fromUTF16(data[2:], 1)
	}
	return data
}

// fromUTF16 decodes pairs of bytes of which the one at place low is the lower.
func fromUTF16(data []byte, low int) []byte {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i+low]) | uint16(data[2*i+1-low])<<8
	}
	return []byte(string(utf16.Decode(units)))
}
