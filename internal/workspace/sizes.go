package workspace

import (
	"context"
	"fmt"
	"time"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/store"
)

// TableSize is what is kept of a table, and at what rate it comes.
type TableSize struct {
	Name     string `json:"name"`
	Rows     int64  `json:"rows"`
	Bytes    int64  `json:"bytes"` // on disk
	Segments int    `json:"segments"`
	// Oldest and Newest are the first and last TimeGenerated; absent where
	// there are no rows.
	Oldest *time.Time `json:"oldest,omitempty"`
	Newest *time.Time `json:"newest,omitempty"`
	// RowsADay and BytesADay are the rate between Oldest and Newest; absent
	// where that is less than a minute.
	RowsADay  *float64 `json:"rowsADay,omitempty"`
	BytesADay *float64 `json:"bytesADay,omitempty"`
	// BilledARow is the size that Azure would bill for a row, on average over
	// some rows; absent where there are none.
	BilledARow *float64 `json:"billedARow,omitempty"`
}

// BytesARow is the size of a row on disk; 0 without rows.
func (t TableSize) BytesARow() float64 {
	if t.Rows == 0 {
		return 0
	}
	return float64(t.Bytes) / float64(t.Rows)
}

// BilledADay is how many bytes Azure would bill for a day; 0 where unknown.
func (t TableSize) BilledADay() float64 {
	if t.RowsADay == nil || t.BilledARow == nil {
		return 0
	}
	return *t.RowsADay * *t.BilledARow
}

// leastSpan is the shortest time from which a day is concluded.
const leastSpan = time.Minute

// sizesOf completes what a store lists.
func sizesOf(ctx context.Context, s store.Store) ([]TableSize, error) {
	list, err := s.Tables(ctx)
	if err != nil {
		return nil, err
	}
	var out []TableSize
	for _, t := range list {
		size := TableSize{Name: t.Name, Rows: t.Rows, Bytes: t.Bytes, Segments: t.Segments}
		if t.Rows > 0 {
			size.Oldest, size.Newest = &t.Oldest, &t.Newest
			size.rate(t.Newest.Sub(t.Oldest))
			if size.BilledARow, err = billedARow(ctx, s, t.Name); err != nil {
				return nil, err
			}
		}
		out = append(out, size)
	}
	return out, nil
}

func (t *TableSize) rate(span time.Duration) {
	if span < leastSpan {
		return
	}
	days := span.Hours() / 24
	rows, bytes := float64(t.Rows)/days, float64(t.Bytes)/days
	t.RowsADay, t.BytesADay = &rows, &bytes
}

// billedSample is how many rows are looked at for the size of one.
const billedSample = 10_000

// billedARow is the average of _BilledSize over some of the newest rows; nil
// without any.
func billedARow(ctx context.Context, s store.Store, table string) (*float64, error) {
	text := fmt.Sprintf("['%s'] | take %d | summarize n = count(), size = avg(_BilledSize)", table, billedSample)
	a, err := store.Run(ctx, s, store.Query{Text: text})
	if err != nil {
		return nil, err
	}
	t, err := result.Read(a.Rows)
	if err != nil {
		return nil, err
	}
	if n, _ := t.Data[0][0].(int64); n == 0 {
		return nil, nil
	}
	size, _ := value.ToReal(t.Data[0][1])
	return &size, nil
}

// Tables lists what is kept, table by table.
func (w *Workspace) Tables(ctx context.Context) ([]TableSize, error) { return sizesOf(ctx, w.store) }
