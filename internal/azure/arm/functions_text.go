package arm

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

var textFunctions = map[string]function{
	"concat":         {1, -1, concat},
	"tolower":        {1, 1, onText(strings.ToLower)},
	"toupper":        {1, 1, onText(strings.ToUpper)},
	"trim":           {1, 1, onText(strings.TrimSpace)},
	"base64":         {1, 1, onText(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })},
	"replace":        {3, 3, replace},
	"split":          {2, 2, split},
	"substring":      {2, 3, substring},
	"padleft":        {2, 3, padLeft},
	"startswith":     {2, 2, compareTexts(strings.HasPrefix)},
	"endswith":       {2, 2, compareTexts(strings.HasSuffix)},
	"indexof":        {2, 2, positionOf(strings.Index)},
	"lastindexof":    {2, 2, positionOf(strings.LastIndex)},
	"uniquestring":   {1, -1, uniqueString},
	"guid":           {1, -1, uniqueString},
	"base64tostring": {1, 1, base64ToString},
}

// concat joins strings, or arrays.
func concat(a *arguments) (*tree.Node, error) {
	if a.nodes[0].Kind == tree.Array {
		var items []*tree.Node
		for i := range a.nodes {
			more, err := a.array(i)
			if err != nil {
				return nil, err
			}
			items = append(items, more...)
		}
		return a.listed(items)
	}
	var b strings.Builder
	for _, n := range a.nodes {
		text, err := a.printed(n)
		if err != nil {
			return nil, err
		}
		b.WriteString(text)
	}
	return a.made(b.String())
}

func onText(change func(string) string) func(*arguments) (*tree.Node, error) {
	return func(a *arguments) (*tree.Node, error) {
		text, err := a.text(0)
		if err != nil {
			return nil, err
		}
		return a.made(change(text))
	}
}

func replace(a *arguments) (*tree.Node, error) {
	t, err := a.texts(0)
	if err != nil {
		return nil, err
	}
	if t[1] == "" {
		return nil, misusef("there is nothing to be replaced")
	}
	if err := a.scope.budget.grow(strings.Count(t[0], t[1]) * len(t[2])); err != nil {
		return nil, err
	}
	return a.made(strings.ReplaceAll(t[0], t[1], t[2]))
}

// split cuts a string at a separator, or at any of several.
func split(a *arguments) (*tree.Node, error) {
	text, err := a.text(0)
	if err != nil {
		return nil, err
	}
	separators := []*tree.Node{a.nodes[1]}
	if a.nodes[1].Kind == tree.Array {
		separators = a.nodes[1].Items
	}
	parts := []string{text}
	for _, separator := range separators {
		var next []string
		for _, part := range parts {
			next = append(next, strings.Split(part, separator.Text)...)
		}
		parts = next
	}
	items := make([]*tree.Node, len(parts))
	for i, part := range parts {
		items[i] = tree.Of(part)
	}
	return a.listed(items)
}

func substring(a *arguments) (*tree.Node, error) {
	text, err := a.text(0)
	if err != nil {
		return nil, err
	}
	from, err := a.integer(1)
	if err != nil {
		return nil, err
	}
	length := len(text) - from
	if a.count() == 3 {
		if length, err = a.integer(2); err != nil {
			return nil, err
		}
	}
	if from < 0 || length < 0 || from > len(text) || length > len(text)-from {
		return nil, misusef("there is no part of %d from %d in %q", length, from, text)
	}
	return a.made(text[from : from+length])
}

func padLeft(a *arguments) (*tree.Node, error) {
	text, err := a.printed(a.nodes[0])
	if err != nil {
		return nil, err
	}
	width, err := a.integer(1)
	if err != nil {
		return nil, err
	}
	with := " "
	if a.count() == 3 {
		if with, err = a.text(2); err != nil || utf8.RuneCountInString(with) != 1 {
			return nil, misusef("argument 3 is not one character")
		}
	}
	missing := width - utf8.RuneCountInString(text)
	if missing <= 0 {
		return tree.Of(text), nil
	}
	if err := a.scope.budget.grow(missing); err != nil {
		return nil, err
	}
	return tree.Of(strings.Repeat(with, missing) + text), nil
}

// compareTexts compares without regard to case, as Resource Manager does.
func compareTexts(compare func(text, part string) bool) func(*arguments) (*tree.Node, error) {
	return func(a *arguments) (*tree.Node, error) {
		t, err := a.texts(0)
		if err != nil {
			return nil, err
		}
		return truth(compare(strings.ToLower(t[0]), strings.ToLower(t[1]))), nil
	}
}

func positionOf(find func(text, part string) int) func(*arguments) (*tree.Node, error) {
	return func(a *arguments) (*tree.Node, error) {
		t, err := a.texts(0)
		if err != nil {
			return nil, err
		}
		return integer(find(strings.ToLower(t[0]), strings.ToLower(t[1]))), nil
	}
}

// uniqueString makes 13 letters and digits out of its arguments. They are
// always the same for the same arguments, and not those that Azure makes, whose
// hash is not published.
func uniqueString(a *arguments) (*tree.Node, error) {
	parts, err := a.texts(0)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "-")))
	return tree.Of(strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:13]), nil
}

func base64ToString(a *arguments) (*tree.Node, error) {
	text, err := a.text(0)
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, misusef("%q is no base64", text)
	}
	return a.made(string(data))
}
