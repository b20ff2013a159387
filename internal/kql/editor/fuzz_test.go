package editor

import (
	"context"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/catalog"
)

func diffMarkers(want, got []Marker) string { return cmp.Diff(want, got) }

// FuzzEditor completes and lints any text at any place: nothing panics, and
// what is replaced and marked lies in the text.
func FuzzEditor(f *testing.F) {
	for _, s := range []string{"", "AZFWFlowTrace | where Flag has ", "let f = (x: long) { T | mv-apply a on (where ", "union (", "a'b\"c```",
		"T | join kind=inner (U | where ['x", "// c\n!h|-", "\xff\xfe|\x80", "𝄞 | project-a"} {
		f.Add(s, len(s))
	}
	tables := catalog.Logs()
	f.Fuzz(func(t *testing.T, text string, offset int) {
		whole := units(text)
		c := Complete(context.Background(), text, offset, tables)
		if c.Start < 0 || c.Length < 0 || c.Start+c.Length > whole {
			t.Errorf("Complete(%q, %d) replaces %d+%d of %d", text, offset, c.Start, c.Length, whole)
		}
		for _, m := range Lint(context.Background(), text, tables) {
			if utf8.ValidString(text) && (m.Start < 0 || m.Start+m.Length > whole) {
				t.Errorf("Lint(%q) marks %d+%d of %d", text, m.Start, m.Length, whole)
			}
		}
	})
}
