package arm

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/azure/tree"
)

// testScope is where the expressions of testdata/expressions.txt stand.
func testScope(t testing.TB) (*scope, *loop) {
	t.Helper()
	data, err := os.ReadFile("testdata/expressions.json")
	if err != nil {
		t.Fatal(err)
	}
	template, err := tree.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{entries: &entries{}, budget: &budget{}}
	s := &scope{template: template, place: Place{ResourceGroup: "rg-hub"}, known: map[string]*tree.Node{}, entries: r.entries, budget: r.budget}
	s.given = s.typed(map[string]*tree.Node{"given": tree.Of("7")})
	r.template(s)
	return s, &loop{name: "inner", index: 1, outer: &loop{name: "outer", index: 2}}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/expressions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		text, want, found := strings.Cut(line, "=>")
		text, want = strings.TrimSpace(text), strings.TrimSpace(want)
		if !found {
			t.Fatalf("no => in %q", line)
		}
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			s, in := testScope(t)
			got := s.evaluate(tree.Of("["+text+"]"), in)
			if reason, fails := strings.CutPrefix(want, "! "); fails {
				if got.Kind != tree.Unknown || !strings.Contains(got.Err.Error(), reason) {
					t.Errorf("got %s %q (%v), want an error with %q", got.Kind, got.Text, got.Err, reason)
				}
				return
			}
			if got.Kind == tree.Unknown {
				t.Fatalf("error: %v", got.Err)
			}
			if diff := cmp.Diff(want, written(t, got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// written is a value in JSON.
func written(t *testing.T, n *tree.Node) string {
	t.Helper()
	var b strings.Builder
	if err := (&arguments{scope: &scope{budget: &budget{}}}).writeJSON(&b, n); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestStringsThatAreNoExpressions(t *testing.T) {
	t.Parallel()
	s, in := testScope(t)
	for text, want := range map[string]string{"[[x]": "[x]", "[x": "[x", "x]": "x]", "[x] y": "[x] y"} {
		if got := s.evaluate(tree.Of(text), in); got.Kind != tree.String || got.Text != want {
			t.Errorf("%q became %s %q, want %q", text, got.Kind, got.Text, want)
		}
	}
}

// A template that asks for endless work is stopped.
func TestBudget(t *testing.T) {
	t.Parallel()
	s, in := testScope(t)
	deep := strings.Repeat("concat(", 200) + "'a'" + strings.Repeat(")", 200)
	double := "'0123456789abcdef'"
	for range 6 {
		double = "concat(" + strings.Repeat(double+",", 3) + double + ")"
	}
	wide := "json(string(range(0, 10000)))"
	for range 8 {
		wide = "createArray(" + wide + "," + wide + ")"
	}
	for _, text := range []string{deep, double, "string(" + wide + ")"} {
		if got := s.evaluate(tree.Of("["+text+"]"), in); got.Kind != tree.Unknown {
			t.Errorf("%.30s… became %s", text, got.Kind)
		}
	}
}

func FuzzExpression(f *testing.F) {
	data, err := os.ReadFile("testdata/expressions.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if text, _, ok := strings.Cut(line, "=>"); ok {
			f.Add(strings.TrimSpace(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, in := testScope(t)
		n := s.evaluate(tree.Of("["+text+"]"), in)
		if n.Kind == tree.Unknown && (n.Err == nil || n.Err.Error() == "") {
			t.Errorf("%q has no value and no reason", text)
		}
	})
}
