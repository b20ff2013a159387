package duck

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"reflect"
	"time"
	"unsafe"

	mapping "github.com/duckdb/duckdb-go-bindings"
	duckdb "github.com/duckdb/duckdb-go/v2"
)

// stream is a statement whose rows come while it runs, as fast as they are taken.
//
// The driver asks DuckDB for whole results, which DuckDB keeps outside of its
// memory limit: a million rows of a table took 600 MB beside a limit of 256. So
// the driver only prepares and binds the statement here; it is run, and its rows
// are read, through the C interface that the driver itself stands on.
type stream struct {
	ctx   context.Context
	conn  mapping.Connection
	stmt  *duckdb.Stmt
	res   mapping.Result
	types []mapping.Type
	// unwatch ends that the context can interrupt the statement.
	unwatch func()

	chunk   mapping.DataChunk
	has     bool // there is a chunk
	vectors []vector
	row     int
	size    int
	closed  bool
}

// vector is a column of a chunk.
type vector struct {
	data, validity unsafe.Pointer
}

// handle reads a field of the driver that holds a pointer of the C interface. The
// driver has no other way to it; TestStream fails where its fields are renamed.
func handle(of any, field string) unsafe.Pointer {
	v := reflect.ValueOf(of).Elem().FieldByName(field)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return v.FieldByName("Ptr").UnsafePointer()
}

// readable are the types that a stream reads; the dialect writes no others.
var readable = map[mapping.Type]bool{mapping.TypeBoolean: true, mapping.TypeInteger: true, mapping.TypeBigInt: true,
	mapping.TypeDouble: true, mapping.TypeVarchar: true, mapping.TypeTimestamp: true, mapping.TypeTimestampTZ: true}

// openStream prepares, binds and starts a statement.
func openStream(ctx context.Context, c *duckdb.Conn, text string, args []any) (_ *stream, err error) {
	prepared, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s := &stream{ctx: ctx, conn: mapping.Connection{Ptr: handle(c, "conn")}, stmt: prepared.(*duckdb.Stmt)}
	defer func() {
		if err != nil {
			s.stmt.Close()
		}
	}()
	if err := s.stmt.BindWithCtx(ctx, named(args)); err != nil {
		return nil, err
	}
	told, err := watch(ctx, c, s.conn)
	if err != nil {
		return nil, err
	}
	defer told()
	s.unwatch = interrupted(ctx, s.conn)
	if err := s.start(); err != nil {
		s.unwatch()
		return nil, err
	}
	return s, nil
}

// interrupted has a context interrupt what runs on a connection, until end is
// called. An interruption that has begun is waited for: it would meet the next
// statement.
func interrupted(ctx context.Context, c mapping.Connection) (end func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		mapping.Interrupt(c)
		close(done)
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

func named(args []any) []driver.NamedValue {
	out := make([]driver.NamedValue, len(args))
	for i, a := range args {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return out
}

func (s *stream) start() error {
	statement := mapping.PreparedStatement{Ptr: handle(s.stmt, "preparedStmt")}
	var pending mapping.PendingResult
	defer mapping.DestroyPending(&pending)
	if mapping.PendingPreparedStreaming(statement, &pending) == mapping.StateError {
		return fmt.Errorf("start statement: %s", mapping.PendingError(pending))
	}
	if mapping.ExecutePending(pending, &s.res) == mapping.StateError {
		err := s.failure()
		mapping.DestroyResult(&s.res)
		return err
	}
	for i := range mapping.ColumnCount(&s.res) {
		t := mapping.ColumnType(&s.res, i)
		if !readable[t] {
			mapping.DestroyResult(&s.res)
			return fmt.Errorf("read result: column %d has DuckDB's type %d, which is not read", i+1, t)
		}
		s.types = append(s.types, t)
	}
	s.vectors = make([]vector, len(s.types))
	return nil
}

// failure is what DuckDB holds against the statement.
func (s *stream) failure() error {
	return &duckdb.Error{Type: duckdb.ErrorType(mapping.ResultErrorType(&s.res)), Msg: mapping.ResultError(&s.res)}
}

// next implements feed.
func (s *stream) next(values []any) error {
	for s.row == s.size {
		if err := s.fetch(); err != nil {
			return err
		}
	}
	for i := range s.vectors {
		values[i] = s.value(i)
	}
	s.row++
	return nil
}

// fetch takes the next chunk.
func (s *stream) fetch() error {
	s.drop()
	if err := s.ctx.Err(); err != nil {
		return err
	}
	s.chunk = mapping.FetchChunk(s.res)
	if s.chunk.Ptr == nil {
		if mapping.ResultError(&s.res) != "" {
			return s.failure()
		}
		return io.EOF
	}
	s.has, s.row, s.size = true, 0, int(mapping.DataChunkGetSize(s.chunk))
	for i := range s.vectors {
		v := mapping.DataChunkGetVector(s.chunk, mapping.IdxT(i))
		s.vectors[i] = vector{mapping.VectorGetData(v), mapping.VectorGetValidity(v)}
	}
	return nil
}

func (s *stream) drop() {
	if s.has {
		mapping.DestroyDataChunk(&s.chunk)
	}
	s.has, s.row, s.size = false, 0, 0
}

// value reads a value of the current row, as the driver would.
func (s *stream) value(i int) any {
	v := s.vectors[i]
	if v.validity != nil && !mapping.ValidityMaskValueIsValid(v.validity, mapping.IdxT(s.row)) {
		return nil
	}
	switch s.types[i] {
	case mapping.TypeBoolean:
		return at[bool](v, s.row)
	case mapping.TypeInteger:
		return at[int32](v, s.row)
	case mapping.TypeBigInt:
		return at[int64](v, s.row)
	case mapping.TypeDouble:
		return at[float64](v, s.row)
	case mapping.TypeVarchar:
		return at[text](v, s.row).String()
	}
	return time.UnixMicro(at[int64](v, s.row)).UTC()
}

// at is an element of a vector's data.
func at[T any](v vector, row int) T {
	return *(*T)(unsafe.Add(v.data, uintptr(row)*unsafe.Sizeof(*new(T))))
}

// text is DuckDB's duckdb_string_t: a length, and either up to twelve bytes in
// place or four of them and a pointer to all.
type text struct {
	length uint32
	prefix [4]byte
	rest   [8]byte
}

// String copies the text: a chunk's memory is DuckDB's.
func (t text) String() string {
	if t.length <= 12 {
		inPlace := [12]byte(append(append(make([]byte, 0, 12), t.prefix[:]...), t.rest[:]...))
		return string(inPlace[:t.length])
	}
	return string(unsafe.Slice(*(**byte)(unsafe.Pointer(&t.rest)), t.length))
}

// close implements feed.
func (s *stream) close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.unwatch()
	s.drop()
	mapping.DestroyResult(&s.res)
	return s.stmt.Close()
}
