package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/duckdb/duckdb-go/v2"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

const (
	segmentRows   = 50_000
	segmentRounds = 7
	// batchRows come together, as events do.
	batchRows = 500
	// secondRows are in one segment of those that are merged.
	secondRows = 5_000
)

// Segments measures the CPU time of a row of flow trace in a segment, and of the
// same row in a DuckDB file, as a line of JSON and as one with gzip, in turn; and
// what each of them takes.
func Segments(ctx context.Context, f *figures) error {
	folder, err := os.MkdirTemp("", "sekisho-bench-segments-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	rows := traceRows(segmentRows)
	w := segment.NewWriter(logs.FlowTrace)
	d, err := openTable(filepath.Join(folder, "rows.duckdb"))
	if err != nil {
		return err
	}
	defer d.close()
	var ours []float64
	ratios := map[string][]float64{}
	for round := range segmentRounds + 1 {
		a, err := cpuOf(func() error { return writeSegment(w, folder, uint64(round+1), rows) })
		if err != nil {
			return err
		}
		for name, others := range map[string]func() error{
			"duckdb":    func() error { return d.insert(rows) },
			"json":      func() error { return writeLines(filepath.Join(folder, "rows.jsonl"), rows, false) },
			"json_gzip": func() error { return writeLines(filepath.Join(folder, "rows.jsonl.gz"), rows, true) },
		} {
			b, err := cpuOf(others)
			if err != nil {
				return err
			}
			if round > 0 { // the first one warms up
				ratios[name] = append(ratios[name], b/a)
			}
		}
		if round > 0 {
			ours = append(ours, a/segmentRows)
		}
	}
	against := "CPU time of the same rows, over that of a segment, same round: "
	return errors.Join(
		f.spread(figure{Name: "segment_row_cpu", Unit: "ns/row", Better: "lower", Against: "row to closed segment"}, ours),
		f.spread(figure{Name: "duckdb_row_over_segment_row", Unit: "ratio", Better: "higher", Against: against + "appended to a DuckDB file"}, ratios["duckdb"]),
		f.spread(figure{Name: "json_row_over_segment_row", Unit: "ratio", Better: "higher", Against: against + "lines of JSON"}, ratios["json"]),
		f.spread(figure{Name: "json_gzip_row_over_segment_row", Unit: "ratio", Better: "higher", Against: against + "lines of JSON with gzip"}, ratios["json_gzip"]),
		segmentSizes(ctx, f, folder, rows))
}

// writeSegment writes rows as a firewall does.
func writeSegment(w *segment.Writer, folder string, sequence uint64, rows []logs.Row) error {
	for batch := range slices.Chunk(rows, batchRows) {
		w.Add(batch...)
	}
	_, err := w.Close(folder, segment.Name{Firewall: "bench", Boot: "bench", Sequence: sequence}, segment.Meta{})
	return err
}

// cpuOf is the CPU time of this process, in nanoseconds.
func cpuOf(do func() error) (float64, error) {
	used := func() float64 {
		var u unix.Rusage
		_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
		return float64(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	err := do()
	return used() - before, err
}

// duckTable is the flow trace as a table of a DuckDB file.
type duckTable struct {
	connector *duckdb.Connector
	conn      driver.Conn
}

func openTable(file string) (*duckTable, error) {
	c, err := duckdb.NewConnector(file, nil)
	if err != nil {
		return nil, err
	}
	d := &duckTable{connector: c}
	if d.conn, err = c.Connect(context.Background()); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	types := map[logs.Type]string{logs.String: "VARCHAR", logs.Int: "INTEGER", logs.Long: "BIGINT", logs.Real: "DOUBLE", logs.DateTime: "TIMESTAMP", logs.Bool: "BOOLEAN"}
	text := "CREATE TABLE rows ("
	for i, column := range logs.FlowTrace.Columns {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%q %s", column.Name, types[column.Type])
	}
	_, err = d.conn.(driver.ExecerContext).ExecContext(context.Background(), text+")", nil)
	return d, err
}

// insert appends rows in the fastest way that the driver has, and has them in
// the file.
func (d *duckTable) insert(rows []logs.Row) error {
	a, err := duckdb.NewAppenderFromConn(d.conn, "", "rows")
	if err != nil {
		return err
	}
	values := make([]driver.Value, len(logs.FlowTrace.Columns))
	for _, r := range rows {
		for i := range values {
			values[i] = r.Value(i)
		}
		if err := a.AppendRow(values...); err != nil {
			return err
		}
	}
	if err := a.Close(); err != nil {
		return err
	}
	_, err = d.conn.(driver.ExecerContext).ExecContext(context.Background(), "CHECKPOINT", nil)
	return err
}

func (d *duckTable) close() { _ = errors.Join(d.conn.Close(), d.connector.Close()) }
