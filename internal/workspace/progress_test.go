package workspace_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/kql/progress"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// A client learns how much of a query is done while the workspace runs it, also of
// one that fails then: it is told why, and not that the answer has a wrong form.
func TestAClientIsToldHowMuchIsDone(t *testing.T) {
	t.Parallel()
	w := startWith(t, t.TempDir(), workspace.Limits{Memory: "256MB", Threads: 1, Timeout: "10s"})
	fw := storetest.NewFirewall("fw-a")
	// DuckDB counts files, which are too few to be merged: the first ones are soon done,
	// and the last one never is.
	const segments, few, many = 18, 200, 68_600
	for n := range segments {
		rows := few
		if n == segments-1 {
			rows = many
		}
		fw.Close(t, w.spool, fw.Trace(time.Now().Add(-time.Minute), time.Millisecond, uint32(n*few), rows))
	}
	until(t, w, "AZFWFlowTrace | count", "72000")
	const endless = "AZFWFlowTrace | mv-expand x = range(1, 200) to typeof(long) | summarize dcount(hash_sha256(strcat(EventNumber, x)))"
	var p progress.Progress
	failed := make(chan error)
	go func() {
		_, err := w.client.Query(progress.With(context.Background(), &p), store.Query{Text: endless})
		failed <- err
	}()
	var last float64
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		select {
		case err := <-failed:
			if err == nil || !strings.Contains(err.Error(), "longer than allowed") {
				t.Errorf("the query ends with error:\n%v", err)
			}
			if _, known := p.Done(); known || last == 0 {
				t.Errorf("%v was done in the end; behind it, something is known: %v", last, known)
			}
			return
		case <-tick.C:
			if share, known := p.Done(); known {
				if share < last || share >= 1 {
					t.Errorf("%v is done, after %v", share, last)
				}
				last = share
			}
		}
	}
}

// Who does not ask for it gets rows and nothing before: older commands read so.
func TestNobodyElseIsToldHowMuchIsDone(t *testing.T) {
	t.Parallel()
	w := start(t, t.TempDir())
	begin := time.Now()
	got := ask(t, w.client, store.Query{Text: "range x from 1 to 600000 step 1 | summarize count() by hash_sha256(tostring(x)), hash_md5(tostring(x)) | count"})
	if len(got) != 1 || got[0] != "600000" {
		t.Errorf("after %v the answer is %v", time.Since(begin), got)
	}
}
