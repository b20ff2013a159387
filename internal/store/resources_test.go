package store_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
)

// TestOnlyAFirewallsSegmentsAreOpened damages all segments that have no row of a
// firewall, once it is known whose rows they have: a query in the firewall's
// scope does not come across them, one of all does.
func TestOnlyAFirewallsSegmentsAreOpened(t *testing.T) {
	t.Parallel()
	for name, merge := range map[string]bool{"as they come": false, "merged": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			s := openEmbedded(t, folder)
			t.Cleanup(func() { s.Close() })
			scope := store.Scope{Resource: twoFirewalls(t, s, folder).Source.ResourceID}
			if merge {
				if done, err := s.Tend(t.Context(), at.Add(48*time.Hour), nil); err != nil || done.Merged == 0 {
					t.Fatalf("Tend() merged %d, error:\n%+v", done.Merged, err)
				}
			}
			const count = "AZFWFlowTrace | summarize count(), take_any(Firewall)"
			want := []string{"600 fw-a"}
			if diff := cmp.Diff(want, askIn(t, s, scope, count)); diff != "" {
				t.Errorf("fw-a's rows (-want +got):\n%s", diff)
			}
			segments := filepath.Join(folder, "segments")
			before := storetest.Files(t, segments)
			damageDay(t, before, "20261125")
			if diff := cmp.Diff(want, askIn(t, s, scope, count)); diff != "" {
				t.Errorf("fw-a's rows beside damaged segments (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, storetest.Files(t, segments)); diff != "" {
				t.Errorf("a query in the scope of fw-a came across others' segments (-before +after):\n%s", diff)
			}
			if diff := cmp.Diff(want, ask(t, s, count)); diff != "" {
				t.Errorf("all rows, beside damaged segments (-want +got):\n%s", diff)
			}
		})
	}
}

// twoFirewalls takes segments of fw-a, and a day later of fw-b, so that they are
// not merged into the same.
func twoFirewalls(t *testing.T, s store.Store, folder string) (first *storetest.Firewall) {
	t.Helper()
	first = storetest.NewFirewall("fw-a")
	for day, fw := range []*storetest.Firewall{first, storetest.NewFirewall("fw-b")} {
		for i := range 60 { // enough to be merged
			begin := at.Add(time.Duration(day)*24*time.Hour + time.Duration(i)*time.Second)
			file := fw.Close(t, folder, fw.Trace(begin, time.Millisecond, uint32(10*i), 10))
			if _, _, err := s.Take(t.Context(), file); err != nil {
				t.Fatalf("Take() error:\n%+v", err)
			}
		}
	}
	return first
}

// damageDay damages the segments of a day.
func damageDay(t *testing.T, files []string, day string) {
	t.Helper()
	damaged := 0
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), day) {
			storetest.Damage(t, file, true)
			damaged++
		}
	}
	if damaged == 0 {
		t.Fatalf("no segment of %s in %v", day, files)
	}
}

func askIn(t *testing.T, s store.Store, scope store.Scope, text string) []string {
	t.Helper()
	a, err := store.Run(t.Context(), s, store.Query{Text: text, Scope: scope, Now: at.Add(time.Hour)})
	if err != nil {
		t.Fatalf("%s: error:\n%+v", text, err)
	}
	rows, err := result.Read(a.Rows)
	if err != nil {
		t.Fatalf("%s: error:\n%+v", text, err)
	}
	return storetest.Lines(rows.Data)
}
