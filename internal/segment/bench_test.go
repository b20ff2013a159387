package segment

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// BenchmarkAddClose is what a row costs from the event's row to the file, in
// segments as they are written under load: 10,000 rows, which come in batches of
// 500 that were just made.
func BenchmarkAddClose(b *testing.B) {
	const rows = 10_000
	traffic := newTraffic(1)
	traffic.rows(rows)
	w, folder, n := NewWriter(logs.FlowTrace), b.TempDir(), uint64(0)
	write := func(measure func(func())) {
		n++
		for part := range slices.Chunk(traffic.events[:rows], 500) {
			made := traffic.fresh(part)
			measure(func() { w.Add(made...) })
		}
		measure(func() {
			_, err := w.Close(folder, nameOf(n), Meta{})
			must(b, err)
		})
	}
	var took time.Duration
	timed := func(do func()) {
		begin := time.Now()
		do()
		took += time.Since(begin)
	}
	write(timed)
	took = 0
	least := time.Hour
	for b.Loop() {
		before := took
		write(timed)
		least = min(least, took-before)
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(b.N)/rows, "ns/row")
	b.ReportMetric(float64(least.Nanoseconds())/rows, "least-ns/row")
	allocations := uint64(0)
	write(func(do func()) { allocations += mallocs(do) })
	b.ReportMetric(float64(allocations)/rows, "allocs/row")
}

// fresh are rows of copies of events.
func (t *traffic) fresh(events []flow.Event) (rows []logs.Row) {
	for i, e := range slices.Clone(events) {
		rows = append(rows, logs.Rows(&e, fwHub, t.rules[events[i].Rule])[0])
	}
	return rows
}

func mallocs(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// BenchmarkMerge is the merging of 20 segments of a second each, 5,000 rows a
// second, and what the rows take before and after; beside the same rows as
// lines of JSON, and those with gzip. They are merged as they are kept: without
// the filters of keys that soon merged ones have.
func BenchmarkMerge(b *testing.B) {
	rows := newTraffic(1).rows(100_000)
	infos := make([]*Info, 0, 20)
	var before int64
	for n, part := range split(rows, len(rows)/20) {
		info := closed(b, uint64(n+1), part)
		before += info.Bytes
		infos = append(infos, &info)
	}
	f := openFolder(b, b.TempDir(), Options{})
	must(b, os.MkdirAll(filepath.Dir(f.pathOf(infos[0].Name)), 0o750))
	m := merger{folder: f}
	merge := func() Info {
		info := f.mergedInfo(run{infos, keyedLevels})
		must(b, m.write(context.Background(), run{infos, keyedLevels}, info))
		return *info
	}
	for b.Loop() {
		merge()
	}
	per := func(bytes int64) float64 { return float64(bytes) / float64(len(rows)) }
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rows)), "ns/row")
	b.ReportMetric(per(before), "B/row-before")
	after := merge()
	b.ReportMetric(per(after.Bytes), "B/row-merged")
	lines, zipped := jsonBytes(rows)
	b.ReportMetric(per(lines), "B/row-json")
	b.ReportMetric(per(zipped), "B/row-json-gzip")
	if path := os.Getenv("SEGMENT_COLUMNS"); path != "" {
		must(b, os.WriteFile(path, []byte(columnBytes(b, after)), 0o600))
	}
}

// jsonBytes is how long rows are as lines of JSON, and those with gzip.
func jsonBytes(rows []logs.Row) (lines, zipped int64) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	text := logs.Subset{}.AppendLines(nil, rows)
	_, _ = z.Write(text)
	_ = z.Close()
	return int64(len(text)), int64(out.Len())
}

// columnBytes is a table of what each column of a segment takes a row.
func columnBytes(tb testing.TB, info Info) string {
	f, err := os.Open(info.Path)
	must(tb, err)
	defer f.Close()
	p, _, _, err := openParquet(f)
	must(tb, err)
	var out string
	for i, c := range p.Root().Columns() {
		var sum int64
		var how any
		for _, g := range p.Metadata().RowGroups {
			sum += g.Columns[i].MetaData.TotalCompressedSize
			how = g.Columns[i].MetaData.Encoding[1]
		}
		out += fmt.Sprintf("| `%s` | %v | %.3f |\n", c.Name(), how, float64(sum)/float64(info.Rows))
	}
	return out
}

// BenchmarkTake is taking a segment and publishing it among 3,000 others.
func BenchmarkTake(b *testing.B) {
	f := openFolder(b, b.TempDir(), Options{})
	row := newTraffic(1).rows(1)
	w := NewWriter(row[0].Table())
	folder := b.TempDir()
	n := uint64(0)
	one := func() {
		n++
		w.Add(row[0])
		info, err := w.Close(folder, nameOf(n), Meta{})
		must(b, err)
		_, err = f.Take(info.Path)
		must(b, err)
	}
	for range 3000 {
		one()
	}
	for b.Loop() {
		one()
	}
}
