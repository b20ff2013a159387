package segment

import (
	"testing"
)

// BenchmarkAddClose is what a row costs from the event's row to the file, in
// segments as they are written under load: 10,000 rows.
func BenchmarkAddClose(b *testing.B) {
	rows := newTraffic(1).rows(10_000)
	w := NewWriter(rows[0].Table())
	folder := b.TempDir()
	write := func(n uint64) {
		for _, r := range rows {
			w.Add(r)
		}
		if _, err := w.Close(folder, nameOf(n), Meta{}); err != nil {
			b.Fatal(err)
		}
	}
	write(1)
	b.ReportAllocs()
	n := uint64(1)
	for b.Loop() {
		n++
		write(n)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rows)), "ns/row")
}
