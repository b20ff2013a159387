package syntax

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestCorpusParses reads every query of the corpus that Kusto takes.
func TestCorpusParses(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("KQL_CORPUS")
	if dir == "" {
		t.Skip("KQL_CORPUS is not set")
	}
	for _, name := range []string{"semantics.jsonl", "documentation-examples.jsonl"} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<24)
		for lines.Scan() {
			var c struct {
				ID, KQL string
				Kusto   struct{ Error string }
			}
			if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
				t.Fatal(err)
			}
			if _, ds := Parse(c.KQL); ds.Refused() && c.Kusto.Error == "" {
				t.Errorf("%s: %v\n%s", c.ID, ds, c.KQL)
			}
		}
	}
}
