package logs

import "testing"

// BenchmarkAppendJSON is what a row costs, of those that a firewall writes: the
// steps of connections of some rules, trouble, decisions and connections.
func BenchmarkAppendJSON(b *testing.B) {
	rows := benchmarkRows()
	b.Run("kept", func(b *testing.B) { benchmarkJSON(b, rows, AppendJSON) })
	b.Run("plain", func(b *testing.B) { benchmarkJSON(b, rows, appendPlainJSON) })
}

// benchmarkRows are twenty lives of connections, each of another rule.
func benchmarkRows() (rows []Row) {
	lives := []string{"SYN allowed", "SYN-ACK", "ACK", "FIN", "FIN-ACK"}
	trouble := []string{"INVALID with text", "DENIED", "ICMP error"}
	byName := map[string]example{}
	for _, x := range examples() {
		byName[x.name] = x
	}
	add := func(names []string, number uint32) {
		for _, name := range names {
			x := byName[name]
			x.ev.Rule = number
			x.rule.Name += string(rune('a' + number))
			rows = append(rows, FoldedRows(&x.ev, hub, &x.rule, Fold{})...)
		}
	}
	for number := range uint32(20) {
		add(lives, number)
		rows = append(rows, exampleConnectionRows()[0])
	}
	add(trouble, 3)
	return rows
}

func benchmarkJSON(b *testing.B, rows []Row, appendJSON func([]byte, Row, bool) []byte) {
	b.Helper()
	buf := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range rows {
			buf = appendJSON(buf[:0], r, false)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rows)), "ns/row")
}
