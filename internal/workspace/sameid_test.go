package workspace_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// Two firewalls that have the same id, each on its host, have heartbeats of their
// own, and rows of their own about what they lost: also in a workspace that was
// started meanwhile, and for what came damaged.
func TestFirewallsOfTheSameID(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	one, two := storetest.NewFirewallIn("s1", "fw-a"), storetest.NewFirewallIn("s2", "fw-a")
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	w := start(t, folder)
	one.Close(t, w.spool, one.Trace(at, time.Second, 0, 10))
	two.Close(t, w.spool, two.Trace(at, time.Second, 10, 7))
	for begin := time.Now(); w.Status().Rows < 17; time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatal("the segments are not taken")
		}
	}
	if err := workspace.BeatNow(t.Context(), w.Workspace, time.Now()); err != nil {
		t.Fatalf("write heartbeats: error:\n%+v", err)
	}
	if diff := cmp.Diff([]string{"fw-a", "fw-a"}, w.Status().Firewalls); diff != "" {
		t.Errorf("firewalls of the status (-want +got):\n%s", diff)
	}
	const beats = "Heartbeat | order by _ResourceId asc | project _ResourceId, _SubscriptionId, Segments, RowCount"
	want := []string{storetest.SourceOf(one).Resource + " s1 1 10", storetest.SourceOf(two).Resource + " s2 1 7"}
	if diff := cmp.Diff(want, ask(t, w, store.Query{Text: beats})); diff != "" {
		t.Errorf("heartbeats (-want +got):\n%s", diff)
	}
	w.end()
	for _, file := range stored(t, folder, "AZFWFlowTrace") {
		storetest.Damage(t, file, true)
	}
	w = start(t, folder)
	const lost = `CaptureLoss | where Place == "workspace" | order by _ResourceId asc, Count asc | project Firewall, _ResourceId, _SubscriptionId, coalesce(tostring(Count), "?")`
	row := func(f *storetest.Firewall, count string) string {
		return fmt.Sprintf("fw-a %s %s %s", storetest.SourceOf(f).Resource, f.Source.SubscriptionID, count)
	}
	until(t, w, lost, row(one, "10")+", "+row(two, "7"))
	two.Close(t, w.spool, two.Trace(at, time.Second, 20, 5))
	until(t, w, "AZFWFlowTrace | count", "5")
	deliverDamaged(t, w, folder, two)
	until(t, w, lost, row(one, "10")+", "+row(two, "?")+", "+row(two, "7"))
}

// deliverDamaged delivers a segment of which only the name can be read.
func deliverDamaged(t *testing.T, w running, folder string, fw *storetest.Firewall) {
	t.Helper()
	bad := fw.Close(t, folder, fw.Trace(time.Now(), time.Millisecond, 100, 3))
	storetest.Damage(t, bad, true)
	if err := os.Rename(bad, filepath.Join(w.spool, filepath.Base(bad))); err != nil {
		t.Fatal(err)
	}
}
