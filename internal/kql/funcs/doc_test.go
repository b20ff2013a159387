package funcs

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// TestEverythingHasADoc reads the table as people will: a sentence for each.
func TestEverythingHasADoc(t *testing.T) {
	t.Parallel()
	check := func(name, doc, differs string) {
		if doc == "" || !strings.HasSuffix(doc, ".") || doc[0] < 'A' || doc[0] > 'Z' {
			t.Errorf("%s: the doc %q is not a sentence", name, doc)
		}
		if strings.HasSuffix(differs, ".") {
			t.Errorf("%s: %q is the second half of a sentence, without an end", name, differs)
		}
	}
	for _, f := range table {
		check(f.Name, f.Doc, f.Differs)
	}
	for _, o := range Tabulars {
		check(o.Name, o.Doc, o.Differs)
		if !strings.HasPrefix(o.Syntax, o.Name) || o.Place == 0 {
			t.Errorf("%s: syntax or place is missing", o.Name)
		}
	}
}

// TestTabularsAreTheParsers holds the table against the names that the parser
// takes.
func TestTabularsAreTheParsers(t *testing.T) {
	t.Parallel()
	var piped []string
	for _, o := range Tabulars {
		if o.Place&Piped != 0 {
			piped = append(piped, o.Name)
		}
	}
	want := slices.Sorted(slices.Values(syntax.Operators()))
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(piped))); diff != "" {
		t.Errorf("operators of the parser, and of the table (-parser +table):\n%s", diff)
	}
	names := map[string]bool{}
	for _, o := range Tabulars {
		if names[o.Name] {
			t.Errorf("%s is there twice", o.Name)
		}
		names[o.Name] = true
	}
	if sorted := slices.Sorted(maps.Keys(names)); sorted[0] != Tabulars[0].Name {
		t.Errorf("the table begins with %s", Tabulars[0].Name)
	}
}

func TestSignature(t *testing.T) {
	t.Parallel()
	got := map[string]string{}
	for _, f := range All() {
		got[f.Name] = f.Signature()
	}
	for name, want := range map[string]string{
		"substring": "substring(source, start, [length])", "has": "text has part", "in": "x in (values, ...)", "not": "not(x)",
		"matches regex": "text matches regex part", "pi": "pi()", "+": "x + y", "bin": "bin(value, size)",
	} {
		if got[name] != want {
			t.Errorf("the signature of %s is %q, want %q", name, got[name], want)
		}
	}
}

// TestMarkdown holds the committed page against what the table gives now.
func TestMarkdown(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("../../../docs/reference/kql.md")
	if err != nil {
		t.Fatal(err)
	}
	got := Markdown()
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("docs/reference/kql.md is not what the table gives: make generate (-want +got):\n%s", diff)
	}
	for _, f := range All() {
		if !strings.Contains(got, "`"+cellText.Replace(f.Signature())+"`") {
			t.Errorf("%s is not on the page", f.Name)
		}
	}
}
