package duck_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/sekisho/sekisho/docs/queries"
	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// BenchmarkAgainstSQL runs queries in KQL and, in turn with them, in SQL that
// somebody wrote by hand for the same engine and the same answer. It reports how
// many times as long KQL takes, from the text to the last row read; see [race].
// The queries are those of testdata/bench, and of docs/queries where only the
// SQL is there.
func BenchmarkAgainstSQL(b *testing.B) {
	engine, tables := benchStore(b)
	files, err := filepath.Glob("testdata/bench/*.sql")
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".sql")
		b.Run(name, func(b *testing.B) {
			text, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			question := kqlOf(b, name)
			inKQL := func() []string {
				answer, err := kql.Run(context.Background(), engine, question, kql.Options{Catalog: tables})
				if err != nil {
					b.Fatalf("Run() error:\n%+v", err)
				}
				return readKQL(b, answer.Rows)
			}
			inSQL := func() []string { return readSQL(b, engine.DB(), overViews(tables, string(text))) }
			if rounds[name]++; rounds[name] == 1 {
				compareAnswers(b, inKQL(), inSQL()) // which also warms both up
			}
			race(b, rounds[name], inKQL, inSQL)
		})
	}
}

// rounds counts how often a query was measured: with -count it is so again.
var rounds = map[string]int{}

// race runs both in rounds. A round is KQL, SQL, SQL, KQL, every other one the
// other way round, so that a machine that gets slower slows both down; queries
// of a few milliseconds go on with it until the round has a length that can be
// measured. Its ratio is the time of KQL over that of SQL. Reported are the
// median of the rounds' ratios with the least and the greatest, the same ratio
// of the processor's time, which what else runs on the machine changes less, the
// median times of one run, and what KQL takes longer.
func race(b *testing.B, round int, inKQL, inSQL func() []string) {
	var ratios, processor, ours, theirs []float64
	for i := round; b.Loop(); i++ {
		order := []func() []string{inKQL, inSQL, inSQL, inKQL}
		if i%2 == 1 {
			order = []func() []string{inSQL, inKQL, inKQL, inSQL}
		}
		var k, s took
		for k.wall+s.wall < shortestRound {
			for n, f := range order {
				if isKQL := (n == 0 || n == 3) == (i%2 == 0); isKQL {
					k.add(f)
				} else {
					s.add(f)
				}
			}
		}
		ratios = append(ratios, float64(k.wall)/float64(s.wall))
		processor = append(processor, float64(k.processor)/float64(s.processor))
		ours, theirs = append(ours, k.each()), append(theirs, s.each())
	}
	b.ReportMetric(middle(ratios), "ratio")
	b.ReportMetric(slices.Min(ratios), "ratio-least")
	b.ReportMetric(slices.Max(ratios), "ratio-most")
	b.ReportMetric(middle(processor), "ratio-cpu")
	b.ReportMetric(middle(ours), "kql-ms")
	b.ReportMetric(middle(theirs), "sql-ms")
	b.ReportMetric(middle(ours)-middle(theirs), "longer-ms")
}

const shortestRound = 400 * time.Millisecond

// took is how long some runs took, all together.
type took struct {
	wall, processor time.Duration
	runs            int
}

func (t *took) add(f func() []string) {
	begin, used := time.Now(), processorTime()
	f()
	t.wall, t.processor, t.runs = t.wall+time.Since(begin), t.processor+processorTime()-used, t.runs+1
}

// each is the time of one run, in milliseconds.
func (t *took) each() float64 { return t.wall.Seconds() * 1000 / float64(t.runs) }

// processorTime is what this process has used of all cores.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // there is no other reason than a wrong argument
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func middle(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// kqlOf is the query of a name.
func kqlOf(b *testing.B, name string) string {
	if text, err := os.ReadFile(filepath.Join("testdata/bench", name+".kql")); err == nil {
		return string(text)
	}
	all, err := queries.All()
	if err != nil {
		b.Fatal(err)
	}
	for _, q := range all {
		if q.Name == name {
			return q.Text
		}
	}
	b.Fatalf("there is no query %s", name)
	return ""
}

// readKQL reads all rows, as texts that readSQL writes too.
func readKQL(b *testing.B, rows result.Rows) []string {
	table, err := result.Read(rows)
	if err != nil {
		b.Fatal(err)
	}
	var out []string
	for _, row := range table.Data {
		var parts []string
		for _, v := range row {
			if list, ok := v.(value.Array); ok {
				v = fmt.Sprint("list of ", len(list))
			}
			parts = append(parts, value.Text(v))
		}
		out = append(out, strings.Join(parts, "|"))
	}
	return out
}

// overViews puts the views of the catalog in place of the tables' names.
func overViews(tables catalog.Catalog, text string) string {
	for _, name := range tables.Names() {
		t, _ := tables.Table(name)
		text = strings.ReplaceAll(text, "FROM "+name, "FROM "+t.Relation)
	}
	return text
}

func readSQL(b *testing.B, db *sql.DB, text string) []string {
	rows, err := db.QueryContext(context.Background(), text)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	values, places := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		places[i] = &values[i]
	}
	var out []string
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			b.Fatal(err)
		}
		var parts []string
		for _, v := range values {
			parts = append(parts, value.Text(kustos(v)))
		}
		out = append(out, strings.Join(parts, "|"))
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return out
}

// kustos is a value of DuckDB's driver as Kusto has it.
func kustos(v any) any {
	switch v := v.(type) {
	case int32:
		return int64(v)
	case *big.Int:
		return v.Int64()
	case duckdb.Decimal:
		return v.Float64()
	case time.Time:
		return value.FromTime(v)
	case duckdb.Interval:
		return value.Timespan(v.Micros)*value.Microsecond + value.Timespan(v.Days)*value.Day
	case []any:
		return fmt.Sprint("list of ", len(v))
	}
	return v
}

// compareAnswers makes sure that both do the same work: all rows are equal,
// whatever their order among those that the queries leave open.
func compareAnswers(b *testing.B, ours, theirs []string) {
	b.Helper()
	slices.Sort(ours)
	slices.Sort(theirs)
	if !slices.Equal(ours, theirs) {
		b.Fatalf("KQL gives %d rows, SQL %d; the first of each:\n%q\n%q", len(ours), len(theirs), first(ours), first(theirs))
	}
	if len(ours) == 0 {
		b.Fatal("the query finds nothing")
	}
}

func first(rows []string) []string { return rows[:min(3, len(rows))] }
