package randomly_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/oracle"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/randomly"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// TestVerdicts asks Microsoft's language service and the engine whether random
// queries are right, and which columns they give.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	seed, count := settings(t)
	tables := randomly.Tables(seed)
	v := &verdicts{service: startService(t, tables), opts: kql.Options{Catalog: randomly.Catalog(tables), Now: now}}
	v.readExceptions(t)
	g := randomly.New(seed, tables)
	found := collect(count, g, v.disagree)
	t.Logf("seed %d: of %d queries both take %d and both refuse %d", seed, count, v.taken, v.refused)
	for _, x := range v.exceptions {
		if x.used > 0 {
			t.Logf("%d exceptions: %s", x.used, x.Reason)
		}
	}
	found.report(t, seed, v.disagree)
}

// exception is a disagreement that is known, with its reason: a line of JSON in
// testdata/exceptions.jsonl. The patterns that are given must all match.
type exception struct {
	// Kind matches the disagreement, Query the text of the query.
	Kind, Query string
	Reason      string

	kind, query *regexp.Regexp
	used        int
}

// verdicts compares the engine with the language service.
type verdicts struct {
	service        *oracle.Service
	opts           kql.Options
	exceptions     []*exception
	taken, refused int
}

func (v *verdicts) readExceptions(t *testing.T) {
	t.Helper()
	f, err := os.Open("testdata/exceptions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		x := &exception{}
		if err := json.Unmarshal(lines.Bytes(), x); err != nil || x.Reason == "" {
			t.Fatalf("read exceptions: %q: %v", lines.Text(), err)
		}
		x.kind, x.query = regexp.MustCompile(x.Kind), regexp.MustCompile(x.Query)
		v.exceptions = append(v.exceptions, x)
	}
}

// disagree says in what way both differ, "" where they agree or where the
// difference is an exception.
func (v *verdicts) disagree(query string, _ bool) string {
	theirs, err := v.service.Ask(query)
	if err != nil {
		return err.Error()
	}
	cols, ds := kql.Columns(context.Background(), query, v.opts)
	kind := v.compare(theirs, cols, ds)
	if kind == "" {
		return ""
	}
	for _, x := range v.exceptions {
		if x.kind.MatchString(kind) && x.query.MatchString(query) {
			x.used++
			return ""
		}
	}
	return kind
}

func (v *verdicts) compare(theirs oracle.Opinion, cols []*plan.Column, ds syntax.Diagnostics) string {
	ours := ds.Refused()
	switch {
	case ours && len(theirs.Errors) > 0:
		v.refused++
		return ""
	case ours:
		return "only the engine refuses: " + ds.Err().Error()
	case len(theirs.Errors) > 0:
		e := theirs.Errors[0]
		return fmt.Sprintf("only the language service refuses: %s: %s", e.Code, e.Message)
	}
	v.taken++
	return differentColumns(ourColumns(cols), theirColumns(theirs))
}

// differentColumns names the first column that differs, or that one side lacks.
func differentColumns(have, want []string) string {
	for i := range max(len(have), len(want)) {
		switch {
		case i >= len(have):
			return fmt.Sprintf("the engine lacks the column %s", want[i])
		case i >= len(want):
			return fmt.Sprintf("the language service lacks the column %s", have[i])
		case have[i] != want[i]:
			return fmt.Sprintf("column: the engine gives %s, the language service %s", have[i], want[i])
		}
	}
	return ""
}

func ourColumns(cols []*plan.Column) []string {
	var out []string
	for _, c := range cols {
		out = append(out, c.Name+":"+c.Type.String())
	}
	return out
}

// theirColumns calls types as the engine does; the service says more about
// dynamic ones, such as dynamic(long[]).
func theirColumns(o oracle.Opinion) []string {
	var out []string
	for _, c := range o.Columns {
		t, ok := value.ParseType(c[1])
		if !ok {
			t = value.DynamicType
		}
		out = append(out, c[0]+":"+t.String())
	}
	return out
}
