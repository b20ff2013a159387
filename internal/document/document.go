// Package document reads the YAML and JSON files that people write for
// Sekisho (topologies, policies, scenarios, firewall configurations) and says
// precisely what is wrong with them: file, line, field, value and a hint.
//
// Reading is strict. A field that nobody reads is an error, because at two in
// the morning a misspelt "nextHopIpAdress" must not be a route without a next
// hop. JSON is read by the same code: it is a subset of YAML.
//
// The packages that own a model decode into their own structs with [Decode]
// and then report what their rules find through [Document.Problem], naming
// the place by path, as in "virtualNetworks[0].subnets[1].addressPrefix".
package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Document is a parsed file that still knows where each value stood.
type Document struct {
	// File is the name to show in problems; it need not exist.
	File string

	root ast.Node
}

// ReadFile reads and decodes the named file, or standard input for "-".
// The error is a [Problems] when the content is at fault, and an *os.PathError
// when the file is.
func ReadFile(name string, into any) (*Document, error) {
	if name == "-" {
		data, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		return Decode("<stdin>", data, into)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return Decode(name, data, into)
}

// Decode parses data strictly into the struct that into points to. Fields are
// matched by their `yaml` tags. The error, if any, is a [Problems].
//
// Where the top of the file could be decoded in part, the Document is still
// returned beside the error, so that more problems can be placed.
func Decode(file string, data []byte, into any) (*Document, error) {
	parsed, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, Problems{syntaxProblem(file, err)}
	}
	doc := &Document{File: file}
	for _, d := range parsed.Docs {
		if d.Body == nil {
			continue
		}
		if doc.root != nil {
			return nil, Problems{{File: file, Line: d.Body.GetToken().Position.Line,
				Message: "a second document begins here", Hint: "keep one document a file; remove the --- line"}}
		}
		doc.root = d.Body
	}
	if doc.root == nil {
		return nil, Problems{{File: file, Line: 1, Message: "the file is empty"}}
	}
	if tag := findTag(doc.root); tag != nil {
		return doc, Problems{{File: file, Line: tokenLine(tag.Start), Field: doc.pathOf(tag.Start), Value: tag.Start.Value,
			Message: "a tag means nothing here", Hint: "remove it, or quote the text"}}
	}
	err = decode(data, into)
	if err != nil {
		return doc, Problems{decodeProblem(doc, err, reflect.TypeOf(into))}
	}
	return doc, nil
}

// findTag finds a YAML tag ("!", "!!binary"), or nil. No field needs one, and
// the library's decoder panics at some.
func findTag(root ast.Node) *ast.TagNode {
	f := tagFinder{}
	ast.Walk(&f, root)
	return f.found
}

type tagFinder struct{ found *ast.TagNode }

func (f *tagFinder) Visit(n ast.Node) ast.Visitor {
	if tag, ok := n.(*ast.TagNode); ok && f.found == nil {
		f.found = tag
	}
	if f.found != nil {
		return nil
	}
	return f
}

// errPanic is for what else the library's decoder panics at: files come from
// anywhere.
var errPanic = errors.New("a value cannot be read")

func decode(data []byte, into any) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanic
		}
	}()
	return yaml.NewDecoder(bytes.NewReader(data), yaml.DisallowUnknownField()).Decode(into)
}

// Problem makes a problem at the value named by path; see [Document.Line] for
// the form of paths.
func (d *Document) Problem(path, value, message, hint string) Problem {
	p := Problem{Field: path, Value: value, Message: message, Hint: hint}
	if d != nil {
		p.File, p.Line = d.File, d.Line(path)
	}
	return p
}

// Line returns the line, from 1, at which the value named by path begins. The
// path has the form "a.b[2].c". Where the path leads past what the file says
// (a missing field), it is the line of the last part that exists.
func (d *Document) Line(path string) int {
	if d == nil || d.root == nil {
		return 0
	}
	node := d.root
	line := lineOf(node)
	for _, step := range splitPath(path) {
		node = child(node, step)
		if node == nil {
			break
		}
		line = lineOf(node)
	}
	return line
}

func lineOf(n ast.Node) int {
	switch n := n.(type) {
	case *ast.MappingNode:
		// The token of a mapping is the colon of its first entry.
		if len(n.Values) > 0 {
			return lineOf(n.Values[0])
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken().Position.Line
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// child finds the value under one step of a path: a key, or an index as "[2]".
func child(n ast.Node, step string) ast.Node {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if keyOf(v) == step {
				return v.Value
			}
		}
	case *ast.MappingValueNode:
		if keyOf(n) == step {
			return n.Value
		}
	case *ast.SequenceNode:
		var i int
		if _, err := fmt.Sscanf(step, "[%d]", &i); err == nil && i >= 0 && i < len(n.Values) {
			return n.Values[i]
		}
	case *ast.AnchorNode:
		return child(n.Value, step)
	case *ast.TagNode:
		return child(n.Value, step)
	}
	return nil
}

func keyOf(v *ast.MappingValueNode) string {
	return strings.Trim(v.Key.String(), `"'`)
}

// splitPath turns "a.b[2].c" into a, b, [2], c.
func splitPath(path string) []string {
	path = strings.ReplaceAll(path, "[", ".[")
	return strings.FieldsFunc(path, func(r rune) bool { return r == '.' })
}

func syntaxProblem(file string, err error) Problem {
	p := Problem{File: file, Message: firstLine(err.Error())}
	var ye yaml.Error
	if errors.As(err, &ye) {
		p.Message = ye.GetMessage()
		p.Line = tokenLine(ye.GetToken())
	}
	p.Hint = "the file must be YAML or JSON"
	return p
}

func decodeProblem(doc *Document, err error, into reflect.Type) Problem {
	p := Problem{File: doc.File, Message: firstLine(err.Error())}
	var ye yaml.Error
	if !errors.As(err, &ye) {
		return p
	}
	tok := ye.GetToken()
	p.Line = tokenLine(tok)
	p.Message = ye.GetMessage()
	if tok != nil {
		p.Field = doc.pathOf(tok)
		p.Value = tok.Value
	}
	var mismatch *yaml.TypeError
	if errors.As(err, &mismatch) {
		p.Message = "not " + wanted(mismatch.DstType)
	}
	var overflow *yaml.OverflowError
	if errors.As(err, &overflow) {
		p.Message = "not " + wanted(overflow.DstType)
	}
	var kind *yaml.UnexpectedNodeTypeError
	if errors.As(err, &kind) {
		p.Message = "not " + wantedNode(kind.Expected)
	}
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) && tok != nil {
		p.Message = "unknown field"
		p.Value = ""
		p.Hint = unknownFieldHint(tok.Value, into, p.Field)
	}
	return p
}

func tokenLine(t *token.Token) int {
	if t == nil || t.Position == nil {
		return 0
	}
	return t.Position.Line
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
