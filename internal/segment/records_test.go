package segment

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/logs"
)

// What is read from a segment is what was written: written down once more, it is the
// same text.
func TestRecords(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	losses := []logs.Row{
		logs.LossRow(logs.Loss{From: at, To: at.Add(time.Second), Place: logs.RingLoss, Kind: "SYN", Reason: "why", Count: 7}, fwHub),
		logs.LossRow(logs.Loss{To: at.Add(time.Minute), Place: logs.UnreadLoss}, fwHub),
	}
	for table, rows := range map[*logs.Table][]logs.Row{logs.CaptureLoss: losses, logs.FlowTrace: newTraffic(1).rows(3000)} {
		folder := t.TempDir()
		w := NewWriter(table)
		w.Add(rows...)
		want := w.AppendRows(nil, 0)
		info, err := w.Close(folder, nameOf(1), Meta{})
		must(t, err)
		file := filepath.Join(folder, info.Name.String())
		records, err := Records(file)
		must(t, err)
		for _, r := range records {
			w.Add(r.Row())
		}
		if diff := cmp.Diff(want, w.AppendRows(nil, 0)); diff != "" {
			t.Errorf("%s: %d records of %d rows (-written +read):\n%.2000s", table.Name, len(records), len(rows), diff)
		}
		damage(t, file)
		expectDamaged(t, file)
		must(t, os.Remove(file))
		expectDamaged(t, file)
	}
}

func expectDamaged(t *testing.T, file string) {
	t.Helper()
	var damaged *DamagedError
	if _, err := Records(file); !errors.As(err, &damaged) {
		t.Errorf("error %v, want one about a damaged file", err)
	}
}
