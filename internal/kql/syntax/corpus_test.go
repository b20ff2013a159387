package syntax_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// TestCorpusParses reads every query of the corpus that Kusto takes. Refused
// may be only what the scope list leaves out, and by its name.
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
			_, ds := syntax.Parse(c.KQL)
			if c.Kusto.Error == "" && slices.ContainsFunc(ds, isMistake) {
				t.Errorf("%s: %v\n%s", c.ID, ds, c.KQL)
			}
		}
	}
}

// isMistake tells an error from the refusal of what is out of scope.
func isMistake(d syntax.Diagnostic) bool {
	refusal := func(name string) bool {
		return d.Message == fmt.Sprintf("the operator '%s' is not supported", name) ||
			d.Message == fmt.Sprintf("the statement '%s' is not supported", name)
	}
	return d.Severity == syntax.Error && !slices.ContainsFunc(funcs.OutOfScopeOperators, refusal)
}
