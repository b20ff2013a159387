package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// suiteFigure is one figure of one of the packages' own benchmarks.
type suiteFigure struct {
	name string
	// from is the benchmark, with the names of its cases, and unit what it
	// reports there.
	from, unit string
	scale      float64 // what the value is multiplied with; 0 is 1
	figure
}

// suite are the packages' own benchmarks that a claim rests on. Each is run
// several times, in turn with the others of its package.
var suite = []struct {
	folder  string
	figures []suiteFigure
	// rows is over how many stored rows it is measured, where SEKISHO_BENCH_ROWS
	// does not say otherwise.
	rows int
	// flags are for go test, where its own choice does not fit.
	flags []string
}{
	{folder: "./internal/capture", figures: []suiteFigure{
		{name: "reader_events", from: "Ring", unit: "events/s/core", figure: figure{Unit: "events/s", Aim: 1e6, Better: "higher", Against: "one core, from a full ring"}},
		{name: "reader_cpu", from: "Ring", unit: "cpu-ns/event", figure: figure{Unit: "ns/event", Aim: 500, Better: "lower"}},
	}},
	{folder: "./internal/firewall", figures: []suiteFigure{
		{name: "rows", from: "Take", unit: "ns/event", figure: figure{Unit: "ns/event", Better: "lower", Against: "event to rows, ids and connections; no files"}},
		{name: "rows_new_connections", from: "Lives/accounting=false", unit: "cpu-ns/event", figure: figure{Unit: "ns/event", Better: "lower", Against: "the same where each connection is a new one: CPU time"}},
		{name: "event_to_segment", from: "TakeToSegments", unit: "cpu-ns/event", figure: figure{Unit: "ns/event", Aim: 1000, Better: "lower", Against: "CPU time from the batch to closed segments: tracker, rows, rows written down"}},
	}},
	{folder: "./internal/logs", figures: []suiteFigure{
		{name: "json_row", from: "AppendJSON", unit: "ns/row", figure: figure{Unit: "ns/row", Better: "lower", Against: "a row as a line of JSON"}},
		{name: "json_row_over_plain", from: "AppendJSON", unit: "x-plain", figure: figure{Unit: "ratio", Better: "lower", Against: "each column's text made anew, in turn"}},
	}},
	{folder: "./internal/tracker", figures: []suiteFigure{
		{name: "tracker_events", from: "Events", unit: "events/s", figure: figure{Unit: "events/s", Aim: 1e6, Better: "higher", Against: "one core"}},
		{name: "tracker_memory", from: "Memory", unit: "B/conn", scale: 200_000 / 1e6, figure: figure{Unit: "MB", Aim: 200, Better: "lower", Against: "200,000 open connections"}},
	}},
	{folder: "./internal/diagnose", figures: []suiteFigure{
		{name: "diagnose", from: "Diagnose", unit: "ns/op", scale: 1e-6, figure: figure{Unit: "ms", Aim: 10, Better: "lower", Against: "one connection, 50 networks, 200 subnets"}},
	}},
	{folder: "./internal/topology", figures: []suiteFigure{
		{name: "topology_check", from: "Check/no-routes", unit: "ns/op", scale: 1e-9, figure: figure{Unit: "s", Aim: 2, Better: "lower", Against: "50 networks, 200 subnets, nothing routed"}},
		{name: "topology_check_one_way", from: "Check/one-way", unit: "ns/op", scale: 1e-9, figure: figure{Unit: "s", Aim: 2, Better: "lower", Against: "50 networks, 200 subnets, 17 asymmetric ways"}},
	}},
	{folder: "./internal/store", rows: 20_000_000, flags: manyRows, figures: storedQueries()},
	{folder: "./internal/workspace", rows: 10_000_000, flags: manyRows, figures: []suiteFigure{
		{name: "stored_diagnosis", from: "StoredDiagnosis", unit: "ns/op", scale: 1e-6, figure: figure{Unit: "ms", Aim: 100, Better: "lower", Against: "one connection of two days ago, among ROWS"}},
		{name: "workspace_at_rest", from: "Memory", unit: "MB-at-rest", figure: figure{Unit: "MB", Better: "lower", Against: "resident, ROWS stored"}},
		{name: "workspace_at_most", from: "Memory", unit: "MB-at-most", figure: figure{Unit: "MB", Better: "lower", Against: "resident, under queries over all of ROWS with 256 MB allowed"}},
	}},
	{folder: "./internal/segment", figures: []suiteFigure{
		{name: "segment_write", from: "AddClose", unit: "ns/row", figure: figure{Unit: "ns/row", Better: "lower", Against: "from the event's row to the closed file, 10,000 rows a segment"}},
		{name: "segment_write_allocations", from: "AddClose", unit: "allocs/row", figure: figure{Unit: "1/row", Better: "lower"}},
		{name: "segment_merge", from: "Merge", unit: "ns/row", figure: figure{Unit: "ns/row", Better: "lower", Against: "20 segments of 5,000 rows into one"}},
		{name: "segment_bytes_unmerged", from: "Merge", unit: "B/row-before", figure: figure{Unit: "B/event", Better: "lower", Against: "segments of a second, 5,000 rows each"}},
		{name: "segment_bytes", from: "Merge", unit: "B/row-merged", figure: figure{Unit: "B/event", Aim: 7, Better: "lower", Against: "all columns, whole connections of five events"}},
		{name: "segment_bytes_json", from: "Merge", unit: "B/row-json", figure: figure{Unit: "B/event", Better: "lower", Against: "the same events as JSON lines"}},
		{name: "segment_bytes_json_gzip", from: "Merge", unit: "B/row-json-gzip", figure: figure{Unit: "B/event", Better: "lower", Against: "the same with gzip"}},
	}},
	{folder: "./internal/kql/bind", figures: []suiteFigure{
		{name: "kql_translate", from: "Translate", unit: "ns/op", scale: 1e-6, figure: figure{Unit: "ms", Aim: 1, Better: "lower", Against: "parse, bind and translate a typical query"}},
	}},
	// One round is enough: the benchmark compares within it.
	{folder: "./internal/kql/duck", figures: againstSQL(), flags: []string{"-benchtime", "1x", "-timeout", "1h"}},
}

// manyRows take their time to be made.
var manyRows = []string{"-timeout", "2h"}

// againstSQL are the queries that have a counterpart in SQL.
func againstSQL() []suiteFigure {
	files, err := filepath.Glob("internal/kql/duck/testdata/bench/*.sql")
	if err != nil {
		panic(err) // the pattern is wrong
	}
	var out []suiteFigure
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".sql")
		out = append(out, suiteFigure{name: "kql_over_sql_" + name, from: "AgainstSQL/" + name, unit: "ratio",
			figure: figure{Unit: "ratio", Aim: 1.1, Better: "lower", Against: "the same question in SQL written by hand, same round"}})
		out = append(out, suiteFigure{name: "kql_over_sql_cpu_" + name, from: "AgainstSQL/" + name, unit: "ratio-cpu",
			figure: figure{Unit: "ratio", Better: "lower", Against: "the same of the processor's time"}})
	}
	return out
}

// storedQueries are the six queries over segments as they come and merged, each
// against the same SQL by hand over one Parquet file.
func storedQueries() []suiteFigure {
	var out []suiteFigure
	for _, layout := range []string{"small", "merged"} {
		for _, query := range []string{"last100", "tuple", "flags", "talkers", "unanswered", "join"} {
			for _, window := range []string{"1h", "24h"} {
				out = append(out, suiteFigure{name: "query_" + query + "_" + layout + "_" + window,
					from: "SixQueries/" + query + "-" + layout + "-" + window, unit: "x-by-hand",
					figure: figure{Unit: "ratio", Aim: 1.2, Better: "lower", Against: "SQL by hand on one Parquet file, ROWS"}})
			}
		}
	}
	return out
}

const suiteRounds = 5

// Suite runs the packages' benchmarks and writes their figures.
func Suite(ctx context.Context, f *figures) error {
	for _, s := range suite {
		var names []string
		for _, one := range s.figures {
			if name, _, _ := strings.Cut(one.from, "/"); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		pattern := "^Benchmark(" + strings.Join(names, "|") + ")$"
		args := append([]string{"test", "-run", "^$", "-bench", pattern, "-count", strconv.Itoa(suiteRounds)}, s.flags...)
		cmd := exec.CommandContext(ctx, "go", append(args, s.folder)...)
		rows := cmp.Or(os.Getenv("SEKISHO_BENCH_ROWS"), strconv.Itoa(s.rows))
		if s.rows > 0 {
			cmd.Env = append(os.Environ(), "SEKISHO_BENCH_ROWS="+rows)
		}
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("run the benchmarks of %s: %w\n%s", path.Base(s.folder), err, out)
		}
		for _, one := range s.figures {
			one.Against = strings.Replace(one.Against, "ROWS", rows+" rows", 1)
			if err := one.tell(f, string(out)); err != nil {
				return fmt.Errorf("benchmarks of %s: %w", path.Base(s.folder), err)
			}
		}
	}
	return nil
}

// tell finds the figure in what go test has printed: lines of a name, a count,
// and values with their units.
func (s suiteFigure) tell(f *figures, out string) error {
	line := regexp.MustCompile(`(?m)^Benchmark` + regexp.QuoteMeta(s.from) + `(?:-\d+)?\s+\d+\s(.*)$`)
	value := regexp.MustCompile(`([\d.e+]+) ` + regexp.QuoteMeta(s.unit) + `(?:\s|$)`)
	scale := s.scale
	if scale == 0 {
		scale = 1
	}
	var values []float64
	for _, match := range line.FindAllStringSubmatch(out, -1) {
		if number := value.FindStringSubmatch(match[1]); number != nil {
			n, err := strconv.ParseFloat(number[1], 64)
			if err != nil {
				return err
			}
			values = append(values, n*scale)
		}
	}
	if len(values) == 0 {
		return fmt.Errorf("no %s of %s in:\n%s", s.unit, s.from, out)
	}
	fig := s.figure
	fig.Name = s.name
	return f.spread(fig, values)
}
