package logs

import "testing"

// BenchmarkVisit is what it costs to hand out a row's values.
func BenchmarkVisit(b *testing.B) {
	row := Rows(&examples()[0].ev, hub, examples()[0].rule)[0]
	var to Visitor = nothing{}
	b.ReportAllocs()
	for b.Loop() {
		row.Visit(to)
	}
}
