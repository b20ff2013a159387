package main

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/duckdb/duckdb-go/v2"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

const (
	segmentRows   = 50_000
	segmentRounds = 7
)

// Segments measures the CPU time of a row of flow trace in a segment, and of the
// same row in a DuckDB file, in turn.
func Segments(_ context.Context, f *figures) error {
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
	var ours, ratios, sizes []float64
	for round := range segmentRounds + 1 {
		bytes := 0.0
		a, err := cpuOf(func() error {
			for _, r := range rows {
				w.Add(r)
			}
			info, err := w.Close(folder, segment.Name{Firewall: "bench", Boot: "bench", Sequence: uint64(round + 1)}, segment.Meta{})
			bytes = float64(info.Bytes)
			return err
		})
		if err != nil {
			return err
		}
		b, err := cpuOf(func() error { return d.insert(rows) })
		if err != nil {
			return err
		}
		if round > 0 { // the first one warms up
			ours, ratios, sizes = append(ours, a/segmentRows), append(ratios, b/a), append(sizes, bytes/segmentRows)
		}
	}
	return errors.Join(
		f.spread(figure{Name: "segment_row_cpu", Unit: "ns/row", Better: "lower", Against: "row to closed segment, one second's rows"}, ours),
		f.spread(figure{Name: "duckdb_row_over_segment_row", Unit: "ratio", Better: "higher", Against: "CPU time of the same rows appended to a DuckDB file"}, ratios),
		f.spread(figure{Name: "segment_row_bytes", Unit: "bytes/row", Better: "lower", Against: "before merging"}, sizes))
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

// traceRows are rows of the flow trace of connections that come and go: five
// steps each.
func traceRows(n int) (rows []logs.Row) {
	source := &logs.Source{Firewall: "fw-bench", ResourceID: logs.DefaultResourceID("bench", "fw-bench")}
	rule := logs.Rule{Policy: "bench", Revision: "0123456789ab", Group: "bench", Collection: "bench", Name: "all"}
	start := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	steps := []struct {
		flag  flow.Flag
		bits  flow.TCPFlags
		reply bool
	}{{flow.SYN, flow.BitSYN, false}, {flow.SYNACK, flow.BitSYN | flow.BitACK, true}, {flow.ACK, flow.BitACK, false},
		{flow.FIN, flow.BitFIN | flow.BitACK, false}, {flow.FINACK, flow.BitFIN | flow.BitACK, true}}
	for i := range n {
		connection, step := i/len(steps), steps[i%len(steps)]
		there := flow.Tuple{Protocol: flow.TCP,
			Source: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(connection >> 4), byte(connection)}), uint16(1024+connection*7919%60_000)),
			Dest:   netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, 0, byte(connection % 20)}), uint16([]int{22, 443, 5432}[connection%3]))}
		isn := uint32(connection) * 2654435761
		e := &flow.Event{Time: start.Add(time.Duration(i) * 20 * time.Microsecond), Flag: step.flag, TCPFlags: step.bits, Packet: there, Connection: there,
			Direction: flow.Original, Action: flow.Allow, Seq: isn, TTL: 63, In: "client", Out: "server", ConnectionID: flow.ConnectionID(there, isn),
			Number: flow.Number{Boot: "b5f5d5a2-2f54-4b8e-9a0e-6d1f2c3b4a59", CPU: uint16(connection % 2), Seq: uint64(i + 1)}}
		if step.reply {
			e.Packet, e.Direction, e.In, e.Out = there.Reverse(), flow.Reply, "server", "client"
		}
		for _, r := range logs.Rows(e, source, rule) {
			if r.Table() == logs.FlowTrace {
				rows = append(rows, r)
			}
		}
	}
	return rows
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
