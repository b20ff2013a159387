package api

import (
	"errors"
	"io"
	"strconv"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/result"
)

// Kusto's limits for a result. notruncation lifts them.
const (
	defaultRecords = 500_000
	defaultBytes   = 64 << 20
)

// bounds are the limits of one result; 0 is no limit.
type bounds struct {
	records, bytes int64
	// take ends the result after that many records, without a complaint; -1
	// is all.
	take int64
}

// form writes one result in the way of a protocol. What it is given it writes
// at once; it keeps nothing of the rows.
type form interface {
	begin(a *kql.Answer)
	// row takes a row as JSON.
	row(json []byte)
	// end ends the result; f is nil if it is complete.
	end(f *failure)
}

// counted reads an answer's rows and counts them against bounds. The first row
// is read at once: a query that fails before it has a status of its own.
type counted struct {
	rows        result.Rows
	cols        []result.Column
	bounds      bounds
	dynamicText bool
	first       []any
	done        bool

	records, bytes int64
}

// count begins to read. The answer's set statements come after the request's
// own options.
func count(a *kql.Answer, b bounds) (*counted, *failure) {
	c := &counted{rows: a.Rows, cols: a.Rows.Columns(), bounds: b.set(a.Set)}
	row, err := a.Rows.Next()
	if errors.Is(err, io.EOF) {
		c.done = true
		return c, nil
	}
	if err != nil {
		a.Rows.Close()
		return nil, explain(err)
	}
	c.first = row
	return c, nil
}

// set takes over what set statements in the query's text say.
func (b bounds) set(options map[string]any) bounds {
	for name, v := range options {
		switch n, _ := v.(int64); name {
		case "notruncation":
			b.records, b.bytes = 0, 0
		case "truncationmaxrecords":
			b.records = n
		case "truncationmaxsize":
			b.bytes = n
		case "query_take_max_records":
			b.take = n
		}
	}
	return b
}

// write hands all rows to a form and closes them.
func (c *counted) write(f form) {
	defer c.rows.Close()
	buf := make([]byte, 0, 4096)
	for {
		row, err := c.next()
		if errors.Is(err, io.EOF) {
			f.end(nil)
			return
		}
		if err != nil {
			f.end(explain(err))
			return
		}
		buf = appendRow(buf[:0], c.cols, row, c.dynamicText)
		if limit := c.bounds.bytes; limit > 0 && c.bytes+int64(len(buf)) > limit {
			f.end(tooLarge(limit, "bytes"))
			return
		}
		c.records, c.bytes = c.records+1, c.bytes+int64(len(buf))
		f.row(buf)
	}
}

// next returns the next row within the bounds of records.
func (c *counted) next() ([]any, error) {
	if c.done || c.bounds.take >= 0 && c.records == c.bounds.take {
		return nil, io.EOF
	}
	row := c.first
	if c.first = nil; row == nil {
		var err error
		if row, err = c.rows.Next(); err != nil {
			return nil, err
		}
	}
	if c.bounds.records > 0 && c.records == c.bounds.records {
		return nil, tooLarge(c.bounds.records, "records")
	}
	return row, nil
}

// appendColumns writes columns as JSON objects; dotnet adds version 1's type.
func appendColumns(b []byte, cols []result.Column, dotnet bool) []byte {
	b = append(b, '[')
	for i, c := range cols {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"ColumnName":`...)
		b = appendString(b, c.Name)
		if dotnet {
			b = append(b, `,"DataType":"`+shortDotNet(c.Type)+`"`...)
		}
		b = append(b, `,"ColumnType":"`+c.Type.String()+`"}`...)
	}
	return append(b, ']')
}

// appendInt writes a number behind a text.
func appendInt(b []byte, text string, n int64) []byte {
	return strconv.AppendInt(append(b, text...), n, 10)
}
