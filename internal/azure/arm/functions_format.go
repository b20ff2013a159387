package arm

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

var formatFunctions = map[string]function{
	"format": {1, -1, format},
	"string": {1, 1, func(a *arguments) (*tree.Node, error) {
		text, err := a.printed(a.nodes[0])
		if err != nil {
			return nil, err
		}
		return a.made(text)
	}},
	"json": {1, 1, func(a *arguments) (*tree.Node, error) {
		text, err := a.text(0)
		if err != nil {
			return nil, err
		}
		if err := a.scope.budget.grow(parsed * len(text)); err != nil {
			return nil, err
		}
		n, err := tree.Parse([]byte(text))
		if err != nil {
			return nil, misusef("the string is no JSON: %v", err)
		}
		return n, nil
	}},
}

// parsed is how many bytes of memory a byte of JSON becomes, about.
const parsed = 32

// hole is a place in a format string, as {0}, {1,-8} or {2:D3}; or a brace that
// stands for itself.
var hole = regexp.MustCompile(`\{\{|\}\}|\{(\d{1,2})(?:,(-?\d{1,3}))?(?::([^{}]*))?\}|[{}]`)

// zeros is a number format that pads with zeros: D3, or 000.
var zeros = regexp.MustCompile(`^(?:[dD](\d{0,2})|(0{1,20}))$`)

// format fills a composite format string of .NET, whose number formats are
// supported as far as names and addresses need them.
func format(a *arguments) (*tree.Node, error) {
	pattern, err := a.text(0)
	if err != nil {
		return nil, err
	}
	var wrong error
	text := hole.ReplaceAllStringFunc(pattern, func(found string) string {
		filled, err := a.fill(found)
		if err == nil {
			err = a.scope.budget.grow(len(filled))
		}
		if wrong == nil {
			wrong = err
		}
		return filled
	})
	if wrong != nil {
		return nil, wrong
	}
	return a.made(text)
}

// fill returns what stands for a hole.
func (a *arguments) fill(found string) (string, error) {
	parts := hole.FindStringSubmatch(found)
	switch {
	case found == "{{" || found == "}}":
		return found[:1], nil
	case parts[1] == "":
		return "", misusef("the format has a single %s", found)
	}
	i, _ := strconv.Atoi(parts[1])
	if i+1 >= len(a.nodes) {
		return "", misusef("there is no argument for %s", found)
	}
	text, err := a.printed(a.nodes[i+1])
	if err == nil && parts[3] != "" {
		text, err = padded(text, parts[3], a.nodes[i+1].Kind)
	}
	if err != nil || parts[2] == "" {
		return text, err
	}
	width, _ := strconv.Atoi(parts[2])
	if width < 0 {
		return text + strings.Repeat(" ", max(0, -width-len(text))), nil
	}
	return strings.Repeat(" ", max(0, width-len(text))) + text, nil
}

func padded(text, how string, kind tree.Kind) (string, error) {
	m := zeros.FindStringSubmatch(how)
	if m == nil || kind != tree.Number {
		return "", misusef("the format %q is not supported", how)
	}
	width := len(m[2])
	if m[1] != "" {
		width, _ = strconv.Atoi(m[1])
	}
	digits, negative := strings.CutPrefix(text, "-")
	digits = strings.Repeat("0", max(0, width-len(digits))) + digits
	if negative {
		return "-" + digits, nil
	}
	return digits, nil
}

// printed is a value as text: strings as they are, True and False as .NET
// writes them, arrays and objects as JSON.
func (a *arguments) printed(n *tree.Node) (string, error) {
	switch n.Kind {
	case tree.String, tree.Number:
		return n.Text, nil
	case tree.Bool:
		if n.Bool {
			return "True", nil
		}
		return "False", nil
	case tree.Null:
		return "", nil
	}
	var b strings.Builder
	err := a.writeJSON(&b, n)
	return b.String(), err
}

func (a *arguments) writeJSON(b *strings.Builder, n *tree.Node) error {
	if err := a.scope.budget.step(); err != nil {
		return err
	}
	switch n.Kind {
	case tree.Unknown:
		return n.Err
	case tree.Array:
		return a.writeList(b, "[", "]", len(n.Items), func(i int) error { return a.writeJSON(b, n.Items[i]) })
	case tree.Object:
		return a.writeList(b, "{", "}", len(n.Fields), func(i int) error {
			writeText(b, n.Fields[i].Name)
			b.WriteByte(':')
			return a.writeJSON(b, n.Fields[i].Value)
		})
	case tree.String:
		writeText(b, n.Text)
	case tree.Number:
		b.WriteString(n.Text)
	case tree.Bool:
		b.WriteString(strconv.FormatBool(n.Bool))
	case tree.Null:
		b.WriteString("null")
	}
	return a.scope.budget.grow(len(n.Text))
}

func (a *arguments) writeList(b *strings.Builder, open, end string, count int, item func(int) error) error {
	b.WriteString(open)
	for i := range count {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := item(i); err != nil {
			return err
		}
	}
	b.WriteString(end)
	return nil
}

func writeText(b *strings.Builder, text string) {
	quoted, _ := json.Marshal(text) // a string always can
	b.Write(quoted)
}
