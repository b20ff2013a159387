package network

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/resource"
	"github.com/sekisho/sekisho/internal/document"
)

// prune asks the topology's own checks what is wrong, and takes out what they
// name, until nothing is. Each round takes something out, so it ends. An empty
// network remains as it is: that it is empty is told by who reads it.
func (b *builder) prune() {
	for {
		var problems document.Problems
		errors.As(b.t.Validate().Err(), &problems)
		b.gone = map[string]bool{}
		for _, p := range fromTheEnd(problems) {
			b.cut(p)
		}
		if len(b.gone) == 0 {
			return
		}
	}
}

// fromTheEnd sorts problems by the places that they are about, the last of each
// list first: taking that out leaves the places of the others as they are.
func fromTheEnd(problems document.Problems) document.Problems {
	places := func(p document.Problem) []int {
		var list []int
		for _, l := range locations(p.Field) {
			if l.index >= 0 {
				list = append(list, l.index)
			}
		}
		return list
	}
	slices.SortStableFunc(problems, func(x, y document.Problem) int { return slices.Compare(places(y), places(x)) })
	return problems
}

// location is one step of a problem's path: a field, and the place in it, -1
// for none. The prefix is the path up to there.
type location struct {
	field  string
	index  int
	prefix string
}

var step = regexp.MustCompile(`^(\w+)(?:\[(\d+)\])?\.?`)

// locations takes a path apart; nil where it is of another form.
func locations(path string) []location {
	var steps []location
	for rest := path; rest != ""; {
		m := step.FindStringSubmatch(rest)
		if m == nil {
			return nil
		}
		rest = rest[len(m[0]):]
		l := location{field: m[1], index: -1, prefix: path[:len(path)-len(rest)]}
		if m[2] != "" {
			l.index, _ = strconv.Atoi(m[2])
		}
		steps = append(steps, l)
	}
	return steps
}

// cut takes out what a problem is about, unless it is gone for another one.
func (b *builder) cut(p document.Problem) {
	steps := locations(p.Field)
	if len(steps) == 0 || steps[0].index < 0 || slices.ContainsFunc(steps, func(l location) bool { return b.gone[l.prefix] }) {
		return
	}
	b.cutAt(steps[0], steps[1:], p)
}

// tell notes why a part of the topology was taken out, with the place that it
// came from.
func (b *builder) tell(kind resource.Kind, p document.Problem, path ...string) {
	from, known := b.origins[joined(path)]
	if !known {
		from.title = strings.Join(path, " ")
	}
	field := lastField(p.Field)
	reason := p.Message
	if kind == resource.Changed {
		reason = fmt.Sprintf("it is without this: %s", p.Message)
	}
	b.notes = append(b.notes, resource.Note{Kind: kind, File: from.file, Line: from.line, Resource: from.title,
		Field: field, Value: p.Value, Reason: reason})
}

// lastField is the last field of a path, without its place.
func lastField(path string) string {
	field, _, _ := strings.Cut(path[strings.LastIndexByte(path, '.')+1:], "[")
	return field
}
