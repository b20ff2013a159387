package logs

import (
	"testing"
	"time"
)

// BenchmarkAppendJSON is what a row costs, of those that a firewall writes: the
// steps of connections of some rules, trouble, decisions and connections; and that
// over what it costs to make each text anew, in turn.
func BenchmarkAppendJSON(b *testing.B) {
	rows := benchmarkRows()
	buf := make([]byte, 0, 4096)
	spent := func(appendJSON func([]byte, Row, bool) []byte) time.Duration {
		begin := time.Now()
		for _, r := range rows {
			buf = appendJSON(buf[:0], r, false)
		}
		return time.Since(begin)
	}
	var kept, plain time.Duration
	for b.Loop() {
		kept += spent(AppendJSON)
		plain += spent(appendPlainJSON)
	}
	b.ReportMetric(float64(kept.Nanoseconds())/float64(b.N)/float64(len(rows)), "ns/row")
	b.ReportMetric(float64(kept)/float64(plain), "x-plain")
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
