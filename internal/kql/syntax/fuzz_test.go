package syntax

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzParse checks that no text makes the parser panic or hang, and that what
// it reports has a place in the text.
func FuzzParse(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, ds := Parse(text)
		if q == nil {
			t.Fatal("Parse() gave no tree")
		}
		for _, d := range ds {
			if d.Line < 1 || d.Column < 1 || d.Span.Start > len(text) || d.Span.End > len(text)+1 {
				t.Errorf("Parse(%q) placed %q at %+v", text, d.Message, d)
			}
		}
	})
}

// seeds are the queries of the cases of package kql.
func seeds(tb testing.TB) []string {
	files, _ := filepath.Glob("../testdata/*.kql")
	if len(files) == 0 {
		tb.Fatal("there are no cases in ../testdata")
	}
	var out []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		for _, c := range strings.Split(string(text), "====\n") {
			query, _, _ := strings.Cut(c, "----\n")
			out = append(out, query)
		}
	}
	return out
}
