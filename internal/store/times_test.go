package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
)

// TestOnlySegmentsOfTheTimeAreOpened damages the segments on both sides of a span
// of time: whoever opened one would find that out, and set it aside.
func TestOnlySegmentsOfTheTimeAreOpened(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := filled(t, folder, 6) // of 10 s each; what is asked for is in the third and the fourth
	var outside []string
	for i, file := range storetest.Files(t, filepath.Join(folder, "segments")) {
		if i != 2 && i != 3 {
			storetest.Damage(t, file, true)
			outside = append(outside, file)
		}
	}
	scope := store.Scope{From: at.Add(20 * time.Second), To: at.Add(40 * time.Second)}
	for _, c := range []struct {
		text  string
		scope store.Scope
		want  string
	}{
		{"AZFWFlowTrace | where TimeGenerated >= datetime(2026-11-24 10:00:20) and TimeGenerated < datetime(2026-11-24 10:00:40) | count", store.Scope{}, "20"},
		{"AZFWFlowTrace | where TimeGenerated between (datetime(2026-11-24 10:00:25) .. 5s) | summarize min(EventNumber), max(EventNumber)", store.Scope{}, "26 31"},
		{"AZFWFlowTrace | where Flag == 'SYN' | extend t = TimeGenerated | where t > ago(3580s) and t <= ago(3570s) | count", store.Scope{}, "2"},
		{"let from = datetime(2026-11-24 10:00:20); let rows = () { AZFWFlowTrace | where TimeGenerated between (from .. from + 19s) }; rows | count", store.Scope{}, "20"},
		{"let rows = materialize(AZFWFlowTrace | where TimeGenerated between (datetime(2026-11-24 10:00:30) .. 9s)); rows | join kind=inner (rows) on EventNumber | count", store.Scope{}, "10"},
		{"AZFWFlowTrace | where TimeGenerated between (datetime(2026-11-24 10:00:20) .. 9s) | join kind=leftouter (AZFWFlowTrace | where " +
			"TimeGenerated between (datetime(2026-11-24 10:00:25) .. 14s) | project EventNumber, Other = EventNumber) on EventNumber | summarize count(), countif(isnotnull(Other))", store.Scope{}, "10 5"},
		{"AZFWFlowTrace | where EventNumber in ((AZFWFlowTrace | project EventNumber)) | summarize count(), toscalar(AZFWFlowTrace | count)", scope, "20 20"},
	} {
		if got := strings.Join(askIn(t, s, c.scope, c.text), "\n"); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
		for _, file := range outside {
			if _, err := os.Stat(file); err != nil {
				t.Fatalf("%s: a segment outside was opened and set aside: %v", c.text, err)
			}
		}
	}
	if diff := cmp.Diff([]string{"20"}, ask(t, s, "AZFWFlowTrace | count")); diff != "" {
		t.Errorf("rows of all times (-want +got):\n%s", diff)
	}
	for _, file := range outside {
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s is damaged, was opened and is still there: the test cannot fail", filepath.Base(file))
		}
	}
}
