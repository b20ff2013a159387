package logs

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A row that is made of a record says what the first one said.
func TestARecordIsARowAgain(t *testing.T) {
	text, err := os.ReadFile("testdata/rows.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		r, err := ParseJSON(line)
		if err != nil {
			t.Fatal(err)
		}
		again := string(AppendJSON(nil, r.Row(), false)) + "\n"
		if diff := cmp.Diff(string(line), again); diff != "" {
			t.Errorf("line (-was +is):\n%s", diff)
		}
		for i := range r.Table().Columns {
			if r.Value(i) != r.Row().Value(i) {
				t.Errorf("%s: %v, was %v", r.Table().Columns[i].Name, r.Row().Value(i), r.Value(i))
			}
		}
	}
}
