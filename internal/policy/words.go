package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/document"
)

// only tells about the fields that may not stand here.
func (m mapping) only(s schema) {
	for _, field := range slices.Sorted(maps.Keys(m.fields)) {
		if slices.Contains(s.known, field) {
			continue
		}
		if later, ok := s.later[field]; ok {
			if !empty(m.fields[field]) {
				m.problem(field, "", later.message(), later.hint)
			}
			continue
		}
		m.problem(field, "", "unknown field", unknownHint(field, s))
	}
}

func unknownHint(field string, s schema) string {
	if word := document.Suggest(field, s.known); word != "" {
		return fmt.Sprintf("did you mean %q?", word)
	}
	return "known here: " + strings.Join(s.known, ", ")
}

// empty reports whether a value says nothing: exported policies list every
// field of a rule, used or not.
func empty(value any) bool {
	switch v := value.(type) {
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return value == nil || value == "" || value == false
}

// word reads a field that holds one of a few words, in any case; "" where it
// holds another.
func (m mapping) word(field string, v vocabulary) string {
	if !m.has(field) {
		if v.absent == "" {
			m.missing(field, "write "+strings.Join(v.words, " or "))
		}
		return v.absent
	}
	text := m.text(field)
	same := func(w string) bool { return strings.EqualFold(w, text) }
	if i := slices.IndexFunc(v.words, same); i >= 0 {
		return v.words[i]
	}
	for word, later := range v.later {
		if same(word) {
			m.problem(field, text, later.message(), later.hint)
			return ""
		}
	}
	if text != "" {
		m.problem(field, text, "unknown word", "write "+strings.Join(v.words, " or "))
	}
	return ""
}
