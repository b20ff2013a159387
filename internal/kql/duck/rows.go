package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"time"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// rows streams what DuckDB gives, and counts it against the limits.
type rows struct {
	ctx    context.Context
	cancel context.CancelFunc
	s      *Session
	sql    *sql.Rows
	cols   []result.Column
	forms  []sqlgen.Column
	scan   []any
	values []any
	count  int64
	bytes  int64
}

func newRows(ctx context.Context, cancel context.CancelFunc, s *Session, r *sql.Rows, cols []sqlgen.Column) *rows {
	out := &rows{ctx: ctx, cancel: cancel, s: s, sql: r, forms: cols}
	out.values = make([]any, max(1, len(cols)))
	for i := range out.values {
		out.scan = append(out.scan, &out.values[i])
	}
	for _, c := range cols {
		out.cols = append(out.cols, result.Column{Name: c.Name, Type: c.Type})
	}
	return out
}

// Columns implements [result.Rows].
func (r *rows) Columns() []result.Column { return r.cols }

// Next implements [result.Rows].
func (r *rows) Next() ([]any, error) {
	if !r.sql.Next() {
		if err := r.sql.Err(); err != nil {
			return nil, r.s.explain(r.ctx, err)
		}
		return nil, io.EOF
	}
	if err := r.sql.Scan(r.scan...); err != nil {
		return nil, fmt.Errorf("read row: %w", err)
	}
	out := make([]any, len(r.cols))
	for i := range out {
		out[i] = r.read(r.values[i], r.forms[i])
	}
	r.count++
	if limit := r.s; limit.rows > 0 && r.count > limit.rows || limit.bytes > 0 && r.bytes > limit.bytes {
		return nil, ErrTooLarge
	}
	return out, nil
}

// read converts a value from the form in which it came.
func (r *rows) read(v any, c sqlgen.Column) any {
	r.bytes += 8
	switch v := v.(type) {
	case time.Time:
		return value.FromTime(v)
	case string:
		r.bytes += int64(len(v))
	}
	out := fromCarried(v, c.Type)
	if d, ok := out.(value.Datetime); ok && !d.Valid() {
		return nil
	}
	return out
}

// Close implements [result.Rows].
func (r *rows) Close() error {
	defer r.cancel()
	return r.sql.Close()
}

// driverRow writes a row for the appender.
func driverRow(cols []catalog.Column, row []any) []driver.Value {
	out := make([]driver.Value, len(row))
	for i, v := range row {
		out[i] = carried(v, cols[i].Type)
	}
	return out
}
