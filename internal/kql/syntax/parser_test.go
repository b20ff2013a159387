package syntax

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDiagnostics checks what is said about mistakes, and where.
func TestDiagnostics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, query, want string }{
		{"nothing", "T | where x == 1", ""},
		{"two operators", "T | wher x | extnd y = 1", "1:5: 'wher' is not an operator (did you mean where?)\n1:14: 'extnd' is not an operator (did you mean extend?)"},
		{"two statements", "let x = ;\nT | take", "1:9: expected an expression, found ';'\n2:9: expected an expression, found the end of the query"},
		{"characters, not bytes", "T | where é == ü ?", "1:18: expected '|', ';' or the end of the query, found '?'"},
		{"not closed", "T | where (x == 1", "1:18: expected ')', found the end of the query"},
		{"too large", "print 9223372036854775808", "1:7: the number 9223372036854775808 is too large (a long holds -9223372036854775808 to 9223372036854775807)"},
		{"least long", "datatable(x:long)[-9223372036854775808]", ""},
		{"not a date", "print datetime(2024-13-01)", "1:7: '2024-13-01' is not a datetime (write datetime(2024-05-31 13:45:00), in UTC)"},
		{"unit that is none", "print 100ns", ""},
		{"datatable", "datatable(a:int, b:int)[1, 2, 3]", "1:1: the datatable has 3 values, which is no multiple of its 2 columns"},
		{"left out", "T | fork (take 1)", "1:5: the operator 'fork' is not supported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, ds := Parse(c.query)
			if diff := cmp.Diff(c.want, ds.Error()); diff != "" {
				t.Errorf("Parse(%q) (-want, +got):\n%s", c.query, diff)
			}
		})
	}
}

// TestDepth checks that deep nesting is refused before it exhausts the stack.
func TestDepth(t *testing.T) {
	t.Parallel()
	for _, q := range []string{
		"print " + strings.Repeat("(", 100000),
		"print " + strings.Repeat("-", 100000) + "1",
		"print dynamic(" + strings.Repeat("[", 100000),
		"print " + strings.Repeat("f(", 100000),
	} {
		if _, ds := Parse(q); !ds.Refused() {
			t.Errorf("Parse(%.20q...) is not refused", q)
		}
	}
}

// TestMistakesAreBounded checks that a text full of mistakes is told in short.
func TestMistakesAreBounded(t *testing.T) {
	t.Parallel()
	if _, ds := Parse(strings.Repeat("T | nosuch;", 1000)); len(ds) != maxDiagnostics {
		t.Errorf("Parse() reported %d mistakes, want %d", len(ds), maxDiagnostics)
	}
}
