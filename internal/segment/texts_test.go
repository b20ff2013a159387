package segment

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// TestTexts reads whose rows a segment has, as a firewall closes it and merged.
func TestTexts(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	ids := []string{logs.DefaultResourceID("rg", "fw-a"), logs.DefaultResourceID("rg", "fw-b"), logs.DefaultResourceID("rg", "fw-c")}
	for _, want := range [][]string{ids[:1], ids[:2], ids} {
		var rows []logs.Row
		for n := range 3000 {
			source := &logs.Source{Firewall: "fw", ResourceID: want[n%len(want)]}
			ev := &flow.Event{Flag: flow.SYN, Time: begin.Add(time.Duration(n) * time.Millisecond), Number: flow.Number{Boot: bootID, Seq: uint64(n + 1)}}
			rows = append(rows, logs.Rows(ev, source, logs.Rule{})[0])
		}
		info := closed(t, 1, rows)
		got, err := Texts(info.Path, "_ResourceId")
		must(t, err)
		slices.Sort(got)
		var lower []string
		for _, id := range want {
			lower = append(lower, logs.LowerID(id))
		}
		if diff := cmp.Diff(lower, got); diff != "" {
			t.Errorf("Texts() (-want +got):\n%s", diff)
		}
		for _, column := range []string{"SourcePort", "NoSuchColumn"} {
			if _, err := Texts(info.Path, column); err == nil {
				t.Errorf("Texts() of %s has no error", column)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "x.parquet")
	must(t, os.WriteFile(file, []byte("no segment"), 0o600))
	var damaged *DamagedError
	if _, err := Texts(file, "_ResourceId"); !errors.As(err, &damaged) {
		t.Errorf("Texts() of a file that is no segment gave error %v", err)
	}
}
