package policy

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/document"
)

// reader walks a file that was read as plain maps and lists, and collects every
// problem it meets: who corrects a policy wants to see all of them at once.
type reader struct {
	doc      *document.Document
	problems document.Problems
	places   []string // the paths of the rules, in the order of the file
}

// mapping is one mapping of the file. That of a missing or malformed one has no
// fields, and stays silent about them: the problem has been told.
type mapping struct {
	reader *reader
	path   string
	fields map[string]any
	broken bool
}

func (m mapping) problem(field, value, message, hint string) {
	m.reader.problems = append(m.reader.problems, m.reader.doc.Problem(m.at(field), value, message, hint))
}

// at is the path of a field.
func (m mapping) at(field string) string {
	return strings.TrimPrefix(m.path+"."+field, ".")
}

func (m mapping) has(field string) bool { return m.fields[field] != nil }

// missing tells that a field is not there, unless the whole mapping is not.
func (m mapping) missing(field, hint string) {
	if !m.broken {
		m.problem(field, "", "missing", hint)
	}
}

// wrong tells that a field has a value of the wrong kind.
func (m mapping) wrong(field string, value any, want, hint string) {
	shown := ""
	switch value.(type) {
	case nil, map[string]any, []any:
	default:
		shown = fmt.Sprint(value)
	}
	m.problem(field, shown, "must be "+want, hint)
}

// text reads a field that holds text; "" where it does not.
func (m mapping) text(field string) string {
	value := m.fields[field]
	text, ok := value.(string)
	if !ok && value != nil {
		m.wrong(field, value, "text", "put it in quotes")
	}
	return text
}

// mapping reads a field that holds a mapping.
func (m mapping) mapping(field, hint string) mapping {
	sub := mapping{reader: m.reader, path: m.at(field), broken: true}
	switch value := m.fields[field].(type) {
	case map[string]any:
		sub.fields, sub.broken = value, false
	case nil:
		m.missing(field, hint)
	default:
		m.wrong(field, value, "a mapping", hint)
	}
	return sub
}

// list reads a field that holds a list.
func (m mapping) list(field, hint string) []any {
	switch value := m.fields[field].(type) {
	case []any:
		return value
	case nil:
		m.missing(field, hint)
	default:
		m.wrong(field, value, "a list", fmt.Sprintf("write %s: [...]", field))
	}
	return nil
}

// mappings reads a field that holds a list of mappings.
func (m mapping) mappings(field string) []mapping {
	var subs []mapping
	for i, value := range m.list(field, "write [] for none") {
		item := fmt.Sprintf("%s[%d]", field, i)
		fields, ok := value.(map[string]any)
		if !ok {
			m.wrong(item, value, "a mapping", "")
			continue
		}
		subs = append(subs, mapping{reader: m.reader, path: m.at(item), fields: fields})
	}
	return subs
}
