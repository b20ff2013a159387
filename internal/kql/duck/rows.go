package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
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
	feed   feed
	cols   []result.Column
	forms  []sqlgen.Column
	values []any
	count  int64
	bytes  int64
}

// feed gives rows in the driver's values.
type feed interface {
	// next fills a row, or gives io.EOF behind the last.
	next(values []any) error
	close() error
}

// whole is a result that DuckDB has in memory.
type whole struct {
	*sql.Rows
	scan []any
}

func (w *whole) next(values []any) error {
	if !w.Next() {
		if err := w.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	w.scan = w.scan[:0]
	for i := range values {
		w.scan = append(w.scan, &values[i])
	}
	return w.Scan(w.scan...)
}

func (w *whole) close() error { return w.Close() }

func newRows(ctx context.Context, cancel context.CancelFunc, s *Session, from feed, cols []sqlgen.Column) *rows {
	out := &rows{ctx: ctx, cancel: cancel, s: s, feed: from, forms: cols}
	out.values = make([]any, max(1, len(cols)))
	for _, c := range cols {
		out.cols = append(out.cols, result.Column{Name: c.Name, Type: c.Type})
	}
	return out
}

// Columns implements [result.Rows].
func (r *rows) Columns() []result.Column { return r.cols }

// Next implements [result.Rows].
func (r *rows) Next() ([]any, error) {
	if err := r.feed.next(r.values); errors.Is(err, io.EOF) {
		return nil, io.EOF
	} else if err != nil {
		return nil, r.s.explain(r.ctx, err)
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
	return r.feed.close()
}

// driverRow writes a row for the appender.
func driverRow(cols []catalog.Column, row []any) []driver.Value {
	out := make([]driver.Value, len(row))
	for i, v := range row {
		out[i] = carried(v, cols[i].Type)
	}
	return out
}
