package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
)

// benchRows is how many rows queries are measured over; SEKISHO_BENCH_ROWS=20000000
// is the size that the claims are about.
func benchRows(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("SEKISHO_BENCH_ROWS"))
	if err != nil {
		n = 2_000_000
	}
	if testing.Short() {
		n = min(n, 200_000)
	}
	return n
}

// benchSpan is how much time the rows are about, benchSegments in how many
// segments they come: as many as merging leaves of a day at most.
const (
	benchSpan     = 22 * time.Hour
	benchSegments = 110
	benchThreads  = 2
)

// benchEnd is when the last row was recorded, and what now() is.
var benchEnd = time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)

// measured is one query in KQL, and in SQL by hand over a table f.
type measured struct{ name, kql, sql string }

// the six queries that people ask of flow logs, %s standing for since when.
var sixQueries = []measured{
	{"last100", "AZFWFlowTrace | where TimeGenerated > %s | top 100 by TimeGenerated",
		"SELECT * FROM f WHERE TimeGenerated > %s ORDER BY TimeGenerated DESC LIMIT 100"},
	{"tuple", "AZFWFlowTrace | where TimeGenerated > %s | where SourceIp == '10.1.1.44' and SourcePort == 21324 and DestinationIp == '10.2.0.7' and DestinationPort == 22",
		"SELECT * FROM f WHERE TimeGenerated > %s AND SourceIp = '10.1.1.44' AND SourcePort = 21324 AND DestinationIp = '10.2.0.7' AND DestinationPort = 22"},
	{"flags", "AZFWFlowTrace | where TimeGenerated > %s | summarize count() by Flag, bin(TimeGenerated, 1m)",
		"SELECT Flag, time_bucket(INTERVAL 1 minute, TimeGenerated) m, count(*) FROM f WHERE TimeGenerated > %s GROUP BY ALL"},
	{"talkers", "AZFWFlowTrace | where TimeGenerated > %s | summarize n = count() by SourceIp | top 10 by n",
		"SELECT SourceIp, count(*) n FROM f WHERE TimeGenerated > %s GROUP BY ALL ORDER BY n DESC LIMIT 10"},
	{"unanswered", "AZFWFlowTrace | where TimeGenerated > %[1]s and Flag == 'SYN' | join kind=leftanti (AZFWFlowTrace | where TimeGenerated > %[1]s and Flag == 'SYN-ACK') on ConnectionId | summarize count() by DestinationIp",
		"SELECT DestinationIp, count(*) FROM f a WHERE TimeGenerated > %[1]s AND Flag = 'SYN' AND NOT EXISTS (SELECT 1 FROM f b WHERE b.TimeGenerated > %[1]s AND b.Flag = 'SYN-ACK' AND b.ConnectionId = a.ConnectionId) GROUP BY ALL"},
	{"join", "AZFWFlowTrace | where TimeGenerated > %[1]s and Firewall == 'fw-a' and Flag == 'SYN' | join kind=inner (AZFWFlowTrace | where TimeGenerated > %[1]s and Firewall == 'fw-b' and Flag == 'SYN') on ConnectionId | summarize count(), avg(TimeGenerated1 - TimeGenerated)",
		"SELECT count(*), avg(epoch_us(b.TimeGenerated) - epoch_us(a.TimeGenerated)) FROM f a JOIN f b USING (ConnectionId) WHERE a.TimeGenerated > %[1]s AND b.TimeGenerated > %[1]s AND a.Firewall = 'fw-a' AND b.Firewall = 'fw-b' AND a.Flag = 'SYN' AND b.Flag = 'SYN'"},
}

// BenchmarkSixQueries compares each query over segments as they come, and merged,
// with the same by hand over one Parquet file, and reports the ratio.
func BenchmarkSixQueries(b *testing.B) {
	d := benchData(b)
	for _, layout := range []string{"small", "merged"} {
		for _, q := range sixQueries {
			for _, window := range []time.Duration{time.Hour, 24 * time.Hour} {
				b.Run(fmt.Sprintf("%s-%s-%.0fh", q.name, layout, window.Hours()), func(b *testing.B) {
					d.compare(b, layout, q, benchEnd.Add(-window))
				})
			}
		}
	}
}

// data is the same rows three times.
type data struct {
	stores map[string]store.Store
	byHand *sql.DB
	close  func()
}

var (
	madeData *data
	makeData sync.Mutex
)

// benchData makes the data once for all rounds of a benchmark.
func benchData(b *testing.B) *data {
	b.Helper()
	makeData.Lock()
	defer makeData.Unlock()
	if madeData == nil {
		madeData = newData(b)
	}
	return madeData
}

func newData(b *testing.B) *data {
	b.Helper()
	folder, err := os.MkdirTemp("", "sekisho-bench")
	if err != nil {
		b.Fatal(err)
	}
	d := &data{stores: map[string]store.Store{}, close: func() { os.RemoveAll(folder) }}
	cleanups = append(cleanups, d.close)
	for _, layout := range []string{"small", "merged"} {
		cfg := config(filepath.Join(folder, layout))
		cfg.Memory, cfg.Threads, cfg.Temporary = 2_000_000_000, benchThreads, filepath.Join(folder, "temporary")
		s, err := store.OpenEmbedded(context.Background(), cfg)
		if err != nil {
			b.Fatal(err)
		}
		d.stores[layout] = s
	}
	fill(b, folder, benchRows(b), d)
	for merged := 1; merged > 0; {
		done, err := d.stores["merged"].Tend(context.Background(), benchEnd.Add(48*time.Hour), nil)
		if err != nil {
			b.Fatal(err)
		}
		merged = done.Merged
	}
	d.byHand = byHand(b, folder)
	return d
}

// cleanups run when all tests have.
var cleanups []func()

func TestMain(m *testing.M) {
	code := m.Run()
	for _, f := range cleanups {
		f()
	}
	os.Exit(code)
}

// fill gives each store the same segments: those of two firewalls, which see the
// same connections 300 µs apart.
func fill(b *testing.B, folder string, rows int, d *data) {
	b.Helper()
	each := rows / benchSegments
	step := benchSpan / time.Duration(rows/2)
	for n := range benchSegments / 2 {
		for late, name := range []string{"fw-a", "fw-b"} {
			fw := storetest.NewFirewall(name)
			fw.Boot = fmt.Sprintf("boot-%d", n)
			begin := benchEnd.Add(-benchSpan + time.Duration(n*each)*step + time.Duration(late)*300*time.Microsecond)
			file := fw.Close(b, folder, fw.Trace(begin, step, uint32(n*each), each))
			take(b, file, d.stores["small"], d.stores["merged"])
		}
	}
}

// take has two stores take one segment.
func take(b *testing.B, file string, first, second store.Store) {
	b.Helper()
	again := filepath.Join(filepath.Dir(file), "again")
	if err := os.Link(file, again); err != nil {
		b.Fatal(err)
	}
	if _, _, err := first.Take(b.Context(), file); err != nil {
		b.Fatal(err)
	}
	if err := os.Rename(again, file); err != nil {
		b.Fatal(err)
	}
	if _, _, err := second.Take(b.Context(), file); err != nil {
		b.Fatal(err)
	}
}

// byHand writes all rows into one file in the order of time, as somebody would
// who has only DuckDB, and opens it.
func byHand(b *testing.B, folder string) *sql.DB {
	b.Helper()
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		b.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	one := filepath.Join(folder, "one.parquet")
	for _, text := range []string{
		"SET threads = " + strconv.Itoa(benchThreads), "SET memory_limit = '2GB'", "SET late_materialization_max_rows = 1000",
		fmt.Sprintf("SET temp_directory = '%s'", filepath.Join(folder, "temporary")), "SET TimeZone = 'UTC'",
		fmt.Sprintf("COPY (SELECT * FROM read_parquet('%s/small/segments/AZFWFlowTrace/*/*.parquet') ORDER BY TimeGenerated) TO '%s' (FORMAT parquet, COMPRESSION zstd)", folder, one),
		fmt.Sprintf("CREATE VIEW f AS SELECT * FROM read_parquet('%s')", one),
	} {
		if _, err := db.Exec(text); err != nil {
			b.Fatalf("%s: %v", text, err)
		}
	}
	return db
}

// compare measures both in turn and reports the ratio of the medians. Both read
// all rows of the answer.
func (d *data) compare(b *testing.B, layout string, q measured, since time.Time) {
	const rounds = 5
	kqlText := fmt.Sprintf(q.kql, "datetime("+since.Format(time.RFC3339)+")")
	sqlText := fmt.Sprintf(q.sql, "TIMESTAMPTZ '"+since.Format(time.DateTime)+"+00'")
	var ours, hand []float64
	for b.Loop() {
		ours, hand = ours[:0], hand[:0]
		for range rounds {
			begin := time.Now()
			got := d.ask(b, layout, kqlText)
			ours = append(ours, time.Since(begin).Seconds())
			begin = time.Now()
			want := d.askByHand(b, sqlText)
			hand = append(hand, time.Since(begin).Seconds())
			if got != want {
				b.Fatalf("%s: %d rows, by hand %d", q.name, got, want)
			}
		}
	}
	slices.Sort(ours)
	slices.Sort(hand)
	b.ReportMetric(ours[rounds/2]*1000, "ms")
	b.ReportMetric(hand[rounds/2]*1000, "ms-by-hand")
	b.ReportMetric(ours[rounds/2]/hand[rounds/2], "x-by-hand")
}

func (d *data) ask(b *testing.B, layout, text string) int {
	b.Helper()
	a, err := store.Run(b.Context(), d.stores[layout], store.Query{Text: text, Now: benchEnd, Scope: store.Scope{Unbounded: true}})
	if err != nil {
		b.Fatalf("%s: %v", text, err)
	}
	rows, err := result.Read(a.Rows)
	if err != nil {
		b.Fatalf("%s: %v", text, err)
	}
	return len(rows.Data)
}

func (d *data) askByHand(b *testing.B, text string) int {
	b.Helper()
	rows, err := d.byHand.QueryContext(b.Context(), text)
	if err != nil {
		b.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	values, into := make([]any, len(cols)), make([]any, len(cols))
	for i := range values {
		into[i] = &values[i]
	}
	n := 0
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
		n++
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return n
}
