package document

import (
	"fmt"
	"reflect"
	"sort"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Suggest returns the word of the list that is most like the given one, or ""
// where none is near enough to be what was meant.
func Suggest(word string, list []string) string {
	best, bestDistance := "", len(word)/3+2
	for _, w := range list {
		d := distance(strings.ToLower(word), strings.ToLower(w))
		if d < bestDistance {
			best, bestDistance = w, d
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// unknownFieldHint names the field that was probably meant, or all fields that
// stand at that place.
func unknownFieldHint(field string, into reflect.Type, path string) string {
	steps := splitPath(path)
	if len(steps) > 0 {
		steps = steps[:len(steps)-1]
	}
	known := fieldsAt(into, steps)
	if len(known) == 0 {
		return ""
	}
	if s := Suggest(field, known); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	return "known here: " + strings.Join(known, ", ")
}

// fieldsAt lists the yaml names of the struct that the steps lead to.
func fieldsAt(t reflect.Type, steps []string) []string {
	t = element(t)
	for _, step := range steps {
		switch t.Kind() {
		case reflect.Struct:
			f, ok := fieldNamed(t, step)
			if !ok {
				return nil
			}
			t = element(f)
		case reflect.Slice, reflect.Map:
			t = element(t.Elem())
		default:
			return nil
		}
	}
	if t.Kind() == reflect.Slice {
		t = element(t.Elem())
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	names := yamlNames(t)
	sort.Strings(names)
	return names
}

func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func yamlNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if strings.Contains(options, "inline") {
			names = append(names, yamlNames(element(f.Type))...)
			continue
		}
		if name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

func fieldNamed(t reflect.Type, name string) (reflect.Type, bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if tag == name {
			return f.Type, true
		}
		if strings.Contains(options, "inline") {
			if ft, ok := fieldNamed(element(f.Type), name); ok {
				return ft, true
			}
		}
	}
	return nil, false
}

// pathOf finds the path of the key or value at a token's position.
func (d *Document) pathOf(tok *token.Token) string {
	if tok.Position == nil {
		return ""
	}
	finder := pathFinder{offset: tok.Position.Offset}
	finder.walk(d.root, "")
	return finder.found
}

type pathFinder struct {
	offset int
	found  string
}

func (f *pathFinder) walk(n ast.Node, path string) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			f.walk(v, path)
		}
	case *ast.MappingValueNode:
		sub := strings.TrimPrefix(path+"."+keyOf(n), ".")
		f.check(n.Key.GetToken(), sub)
		f.walk(n.Value, sub)
	case *ast.SequenceNode:
		for i, v := range n.Values {
			f.walk(v, fmt.Sprintf("%s[%d]", path, i))
		}
	case *ast.AnchorNode:
		f.walk(n.Value, path)
	default:
		if n != nil {
			f.check(n.GetToken(), path)
		}
	}
}

func (f *pathFinder) check(t *token.Token, path string) {
	if t != nil && t.Position != nil && t.Position.Offset == f.offset {
		f.found = path
	}
}
