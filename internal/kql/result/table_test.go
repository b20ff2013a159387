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
