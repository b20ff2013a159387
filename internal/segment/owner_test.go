package segment

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// takeOf takes a segment that a firewall of the same id closed on another host.
func takeOf(t *testing.T, f *Folder, boot, resource string, sequence uint64, rows int) {
	t.Helper()
	source := &logs.Source{Firewall: fwHub.Firewall, ResourceID: resource}
	w := NewWriter(logs.CaptureState)
	for range rows {
		w.Add(logs.StateRow(logs.State{Time: newTraffic(1).begin, State: logs.RecordingStarted}, source))
	}
	n := nameOf(sequence)
	n.Boot = boot
	info, err := w.Close(t.TempDir(), n, Meta{})
	must(t, err)
	if got, taken, err := f.TakeInfo(info.Path); err != nil || !taken || got.Resource != logs.LowerID(resource) {
		t.Fatalf("TakeInfo() = %q, %v, error: %v", got.Resource, taken, err)
	}
}

// states are the segments of [takeOf].
func states(f *Folder) []Info {
	g := f.Pin()
	defer g.Release()
	return g.Segments(logs.CaptureState.Name, time.Time{}, time.Time{})
}

// A merged segment of two firewalls with the same id says which rows are whose, also
// where one of them was given another resource id; and so does one of which the
// list has to be made anew.
func TestFirewallsOfTheSameIDAreTwo(t *testing.T) {
	t.Parallel()
	for _, again := range []bool{false, true} {
		root := t.TempDir()
		f := openFolder(t, root, Options{})
		takeOf(t, f, "boot-1", "/R/One", 1, 3)
		takeOf(t, f, "boot-2", "/R/Two", 1, 5)
		takeOf(t, f, "boot-1", "/R/Three", 2, 7)
		if again {
			must(t, f.Close())
			must(t, os.Remove(filepath.Join(root, listFile)))
			f = openFolder(t, root, Options{})
		}
		f.fan = []int{3, 60}
		must(t, f.Merge(context.Background()))
		merged := states(f)
		if len(merged) != 1 {
			t.Fatalf("%d segments, want 1", len(merged))
		}
		must(t, f.SetAside(merged[0].Name.String(), "x"))
		id := nameOf(1).Firewall
		expectLosses(t, losses(t, f), Lost{File: merged[0].Name.String(), From: merged[0].From, To: merged[0].To, Rows: 15, Reason: "x", Holds: []Held{
			{id, "boot-1", "/r/one", Ranges{{1, 1}}, 3}, {id, "boot-1", "/r/three", Ranges{{2, 2}}, 7}, {id, "boot-2", "/r/two", Ranges{{1, 1}}, 5}}})
	}
}

// The list of an older program does not say whose rows a segment has. What came
// later from the same firewall and boot does, unless that is of two.
func TestAnOlderListDoesNotSayWhoseRowsThereAre(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := openFolder(t, root, Options{})
	takeOf(t, f, "boot-1", "/r/one", 1, 3)
	takeOf(t, f, "boot-2", "/r/two", 1, 5)
	takeOf(t, f, "boot-3", "/r/three", 1, 7)
	must(t, f.Close())
	forgetOwners(t, filepath.Join(root, listFile))
	f = openFolder(t, root, Options{})
	old := states(f)
	takeOf(t, f, "boot-1", "/r/one", 2, 1)
	takeOf(t, f, "boot-2", "/r/two", 2, 1)
	takeOf(t, f, "boot-2", "/r/other", 3, 1)
	want := map[string]string{"boot-1": "/r/one", "boot-2": "", "boot-3": ""}
	for _, i := range old {
		if i.Resource != "" {
			t.Fatalf("the list says %q", i.Resource)
		}
		must(t, f.SetAside(i.Name.String(), "x"))
	}
	got := losses(t, f)
	for _, l := range got {
		if h := l.Holds[0]; h.Resource != want[h.Boot] {
			t.Errorf("rows of %s are of %q, want %q", h.Boot, h.Resource, want[h.Boot])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d losses, want %d", len(got), len(want))
	}
}

// forgetOwners makes a list that of a program that did not write whose rows a
// segment has.
func forgetOwners(t *testing.T, list string) {
	t.Helper()
	text, err := os.ReadFile(list)
	must(t, err)
	var older []byte
	for line := range strings.Lines(string(text)) {
		r, err := parseLine([]byte(strings.TrimSuffix(line, "\n")))
		must(t, err)
		for i := range r.Add {
			r.Add[i].Whose = ""
		}
		older, err = appendLine(older, r)
		must(t, err)
	}
	if strings.Contains(string(older), "resource") {
		t.Fatal("the list of an older program has resources")
	}
	must(t, os.WriteFile(list, older, 0o600))
}
