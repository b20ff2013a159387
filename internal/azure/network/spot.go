package network

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/arm"
	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/azure/tree"
	"github.com/sekisho/sekisho/internal/document"
)

// spot is a resource, or an item within one, whose fields are being read. A
// value that cannot be worked out is told once, and makes the spot bad: it is
// then left out as a whole, since half a route is worse than none.
type spot struct {
	b     *builder
	file  string
	line  int
	title string // as people call it: "routeTables rt-spoke, routes default"
	body  *tree.Node
	bad   bool
}

func (b *builder) spot(r *resource.Resource) *spot {
	return &spot{b: b, file: r.File, line: r.Body.At(), title: r.ID.Title(), body: resource.Properties(r.Body)}
}

// get returns the field's value where it is of the kind that is wanted, and nil
// where there is none.
func (s *spot) get(field string, kind tree.Kind) *tree.Node {
	return s.want(field, s.body.Get(field), kind)
}

func (s *spot) want(field string, n *tree.Node, kind tree.Kind) *tree.Node {
	switch {
	case n.IsAbsent():
		return nil
	case n.Kind == tree.Unknown:
		s.unknown(field, n)
		return nil
	case n.Kind != kind:
		s.bad = true
		s.note(resource.LeftOut, n, field, n.Text, fmt.Sprintf("the value is %s and not %s", n.Kind, kind), "")
		return nil
	}
	return n
}

// unknown tells of a value that could not be worked out: as a problem where
// whoever asked can give it.
func (s *spot) unknown(field string, n *tree.Node) {
	s.bad = true
	hint := arm.Hint(n.Err)
	if hint == "" {
		s.note(resource.LeftOut, n, field, n.Text, n.Err.Error(), "")
		return
	}
	s.b.problems = append(s.b.problems, document.Problem{File: s.file, Line: n.Line, Field: s.title + ": " + field,
		Value: n.Text, Message: n.Err.Error(), Hint: hint})
}

func (s *spot) note(kind resource.Kind, n *tree.Node, field, value, reason, hint string) {
	line := s.line
	if n.At() > 0 {
		line = n.At()
	}
	s.b.notes = append(s.b.notes, resource.Note{Kind: kind, File: s.file, Line: line, Resource: s.title,
		Field: field, Value: value, Reason: reason, Hint: hint})
}

// leaveOut tells that the whole spot is left out.
func (s *spot) leaveOut(reason, hint string) {
	s.bad = true
	s.note(resource.LeftOut, nil, "", "", reason, hint)
}

// text returns a string, or the digits of a number; empty where absent.
func (s *spot) text(field string) string {
	if n := s.body.Get(field); n != nil && n.Kind == tree.Number {
		return n.Text
	}
	if n := s.get(field, tree.String); n != nil {
		return n.Text
	}
	return ""
}

// texts returns a list of strings.
func (s *spot) texts(field string) []string {
	list := s.get(field, tree.Array)
	if list == nil {
		return nil
	}
	var out []string
	for _, item := range list.Items {
		if item.Kind == tree.Number {
			out = append(out, item.Text)
		} else if n := s.want(field, item, tree.String); n != nil {
			out = append(out, n.Text)
		}
	}
	return out
}

// flag returns a truth value; nil where absent.
func (s *spot) flag(field string) *bool {
	if n := s.body.Get(field); n != nil && n.Kind == tree.String {
		if b, err := strconv.ParseBool(strings.ToLower(n.Text)); err == nil {
			return &b
		}
	}
	if n := s.get(field, tree.Bool); n != nil {
		return &n.Bool
	}
	return nil
}

func (s *spot) is(field string) bool {
	b := s.flag(field)
	return b != nil && *b
}

func (s *spot) number(field string) int {
	n, _ := strconv.Atoi(s.text(field)) // what is none, the checks of the model tell
	return n
}

// id returns the id in a field of the form {"id": "…"}; empty where absent.
func (s *spot) id(field string) string {
	n := s.get(field, tree.Object)
	if n == nil {
		return ""
	}
	if id := s.want(field+".id", n.Get("id"), tree.String); id != nil {
		return id.Text
	}
	return ""
}

// ids returns the ids of a list of such objects.
func (s *spot) ids(field string) []string {
	list := s.get(field, tree.Array)
	if list == nil {
		return nil
	}
	var out []string
	for _, item := range list.Items {
		if n := s.want(field+".id", item.Get("id"), tree.String); n != nil {
			out = append(out, n.Text)
		}
	}
	return out
}

// items returns the objects of a list as spots of their own.
func (s *spot) items(field string) []*spot {
	list := s.get(field, tree.Array)
	if list == nil {
		return nil
	}
	var out []*spot
	for i, item := range list.Items {
		if n := s.want(field, item, tree.Object); n != nil {
			out = append(out, s.item(field, i, n))
		}
	}
	return out
}

func (s *spot) item(field string, i int, n *tree.Node) *spot {
	name := fmt.Sprintf("[%d]", i)
	if given := n.Get("name"); given != nil && given.Kind == tree.String {
		name = given.Text
	}
	return &spot{b: s.b, file: s.file, line: n.Line, title: s.title + ", " + field + " " + name, body: resource.Properties(n)}
}

// after reports what a field refers to that is known only after a deployment,
// and takes the value for it from lookup.
func (s *spot) after(field string, lookup func(*arm.AfterDeployment) (string, bool)) (string, bool) {
	n := s.body.Get(field)
	var after *arm.AfterDeployment
	if n == nil || n.Kind != tree.Unknown || !errors.As(n.Err, &after) {
		return "", false
	}
	return lookup(after)
}
