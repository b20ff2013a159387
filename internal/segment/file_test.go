package segment

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/logs"
)

// kinds is a table with a column of each type.
func kinds(more ...logs.Column) *logs.Table {
	return &logs.Table{Name: "Kinds", Columns: append([]logs.Column{{Name: "Text", Type: logs.String}, {Name: "Int", Type: logs.Int},
		{Name: "Long", Type: logs.Long}, {Name: "Real", Type: logs.Real}, {Name: "Bool", Type: logs.Bool}, {Name: "At", Type: logs.DateTime}}, more...)}
}

// writeKinds writes a file of that table with rows of every value there can be.
func writeKinds(tb testing.TB, table *logs.Table) (path string, rows [][]any) {
	tb.Helper()
	b := newBatch(table)
	numbers := []int64{0, 1, -1, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64, 443, 1 << 40}
	texts := []string{"", "a", "ä", "\xff", "\x00", "a very long text that is longer than what a footer tells of least and greatest values"}
	for n := range 1000 {
		row := make([]any, 6)
		long, text := numbers[n%len(numbers)], texts[n%len(texts)]
		if n%7 != 0 {
			b.Text(0, text)
			row[0] = string([]rune(text))
		}
		if n%5 != 0 {
			b.columns[1].put(int64(int32(long)))
			row[1] = int32(long)
		}
		if n%11 != 0 {
			b.columns[2].put(long)
			row[2] = long
		}
		if n%3 != 0 {
			b.columns[3].put(int64(math.Float64bits(float64(n) / 3)))
			row[3] = float64(n) / 3
			b.columns[4].put(int64(n / 3 % 2))
			row[4] = n/3%2 == 1
		}
		for i := range 5 {
			b.columns[i].skip(n + 1 - b.columns[i].rows)
		}
		b.Moment(5, int64(n)*1e9)
		row[5] = time.UnixMicro(int64(n) * 1e9).UTC()
		b.rows++
		rows = append(rows, row)
	}
	path = filepath.Join(tb.TempDir(), "kinds.parquet")
	must(tb, createFile(path, false, func(f *os.File) error {
		file := newFile(table)
		return errors.Join(file.begin(f), file.writeBatch(b, order{}), file.end("{}"))
	}))
	return path, rows
}

func TestEveryTypeIsReadByAnotherReaderAndByUs(t *testing.T) {
	t.Parallel()
	path, want := writeKinds(t, kinds())
	if diff := cmp.Diff(want, duck(t, fmt.Sprintf("SELECT * FROM read_parquet('%s')", path))); diff != "" {
		t.Errorf("(-written +read):\n%.2000s", diff)
	}
	// Read back, written again and read by another reader.
	b := newBatch(kinds())
	r, err := openReader(path, b)
	must(t, err)
	defer r.close()
	for _, g := range r.groups {
		must(t, r.read(g, b))
	}
	again := filepath.Join(t.TempDir(), "again.parquet")
	must(t, createFile(again, false, func(f *os.File) error {
		file := newFile(b.table)
		return errors.Join(file.begin(f), file.writeBatch(b, order{}), file.end("{}"))
	}))
	if diff := cmp.Diff(want, duck(t, fmt.Sprintf("SELECT * FROM read_parquet('%s')", again))); diff != "" {
		t.Errorf("(-written +read twice):\n%.2000s", diff)
	}
}

// A file of an older version has fewer columns, which are absent; of a newer
// one that has more, merging would lose them.
func TestVersionsOfATable(t *testing.T) {
	t.Parallel()
	newer := kinds(logs.Column{Name: "New", Type: logs.Int})
	old, _ := writeKinds(t, kinds())
	b := newBatch(newer)
	r, err := openReader(old, b)
	must(t, err)
	defer r.close()
	must(t, r.read(r.groups[0], b))
	if b.rows != 1000 || b.columns[6].present != 0 || b.columns[5].present != 1000 {
		t.Errorf("%d rows, %d values", b.rows, b.columns[6].present)
	}
	path, _ := writeKinds(t, newer)
	if _, err := openReader(path, newBatch(kinds())); !errors.Is(err, errNewer) {
		t.Errorf("a newer file: %v", err)
	}
	other := kinds()
	other.Columns[1].Type = logs.Long
	var damaged *DamagedError
	if _, err := openReader(path, newBatch(other)); !errors.As(err, &damaged) {
		t.Errorf("a column of another type: %v", err)
	}
}
