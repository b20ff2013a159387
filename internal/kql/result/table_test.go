package result

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// A long value is cut, so that columns stay below each other; where nothing
// stands behind it, it is whole.
func TestTheLastColumnIsWhole(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a long sentence ", 10)
	table := &Table{Cols: []Column{{Name: "a", Type: value.StringType}, {Name: "n", Type: value.LongType}, {Name: "b", Type: value.StringType}},
		Data: [][]any{{long, int64(1), long}, {"x", int64(20), "two\nlines"}}}
	var out strings.Builder
	if err := Write(&out, "table", table); err != nil {
		t.Fatal(err)
	}
	cut := long[:59] + "…"
	blanks := strings.Repeat(" ", 59)
	want := "a" + blanks + "   n  b\n" + cut + "   1  " + long + "\nx" + blanks + "  20  two·lines\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// On a terminal, a table that is too wide loses the columns that are empty in all
// rows, and an answer without rows is told.
func TestShow(t *testing.T) {
	t.Parallel()
	cols := []Column{{Name: "Time", Type: value.StringType}, {Name: "Reason", Type: value.StringType}, {Name: "Port", Type: value.LongType}, {Name: "Count", Type: value.LongType}}
	rows := [][]any{{"10:00", "", int64(443), nil}, {"10:01", "", nil, nil}}
	const left = "2 of 4 columns are empty in all these rows and left out; -o csv has all, \"project\" in the query chooses\n"
	for _, c := range []struct {
		name         string
		width        int
		cols         []Column
		rows         [][]any
		want, beside string
	}{
		{"wide enough", 80, cols, rows, "Time   Reason  Port  Count\n10:00           443       \n10:01                     \n", ""},
		{"too wide", 20, cols, rows, "Time   Port\n10:00   443\n10:01      \n", left},
		{"nothing in any column", 3, cols[1:2], [][]any{{""}}, "Reason\n\n", ""},
		{"no rows", 80, cols, nil, "Time  Reason  Port  Count\n", "no rows\n"},
		{"no rows of a wide table", 20, cols, nil, "", "no rows\n"},
	} {
		var out, beside strings.Builder
		if err := Show(&out, &beside, c.width, &Table{Cols: c.cols, Data: c.rows}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{c.want, c.beside}, []string{out.String(), beside.String()}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
