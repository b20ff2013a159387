package duck

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/sqlgen"
)

// ErrTooLarge says that a result has more rows or bytes than allowed.
var ErrTooLarge = errors.New("the result has more rows or bytes than allowed; narrow it with where, summarize or take")

// ErrTimeout says that a query took too long.
var ErrTimeout = errors.New("the query took longer than allowed")

// ErrMemory says that a query needs more memory than allowed.
var ErrMemory = funcs.ErrMemory

// ErrRefused says that the engine cannot compute a query, however often it is asked.
var ErrRefused = errors.New("the query cannot be computed")

// refusals are the engine's errors that are not about files, memory or time: a
// number out of range, a condition of too many parts.
var refusals = map[duckdb.ErrorType]bool{duckdb.ErrorTypeOutOfRange: true, duckdb.ErrorTypeParser: true, duckdb.ErrorTypeBinder: true}

// Session is one connection of the engine, for one query at a time. Tables that
// it stores are gone when it is closed.
type Session struct {
	e      *Engine
	conn   *sql.Conn
	tables []string
	// rows and bytes bound a result; 0 is no bound.
	rows, bytes int64
	streams     bool
}

// Session opens a connection.
func (e *Engine) Session(ctx context.Context) (*Session, error) {
	c, err := e.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open DuckDB connection: %w", err)
	}
	return &Session{e: e, conn: c, rows: e.cfg.Rows, bytes: e.cfg.Bytes}, nil
}

// Unbound lifts the limits of the results that follow: their rows come while
// they are found, and their reader counts for itself.
func (s *Session) Unbound() { s.rows, s.bytes, s.streams = 0, 0, true }

// Close drops what was stored and gives the connection back.
func (s *Session) Close() error {
	for _, t := range s.tables {
		s.conn.ExecContext(context.Background(), "DROP TABLE IF EXISTS "+t)
	}
	s.tables = nil
	if s.streams {
		// The next statement ends the transaction of a stream that was left before
		// its end: what it holds would be held until somebody takes the connection.
		s.conn.ExecContext(context.Background(), "SELECT 1")
	}
	return s.conn.Close()
}

// Query runs a plan. Integers that overflow run it again, slower and exactly.
func (s *Session) Query(ctx context.Context, q *plan.Query) (result.Rows, error) {
	relations, err := resolve(ctx, q)
	if err != nil {
		return nil, err
	}
	generate := func(exact bool) (sqlgen.Statement, error) {
		return sqlgen.Generate(Dialect{}, q, sqlgen.Options{Relations: relations, Exact: exact})
	}
	quick, err := generate(false)
	if err != nil {
		return nil, &refused{err.Error(), err}
	}
	r, err := s.run(ctx, quick)
	if err == nil && s.streams {
		r, err = r.sure(func() bool { exact, err := generate(true); return err == nil && exact.SQL == quick.SQL })
	}
	if err != nil && (isOverflow(err) || errors.Is(err, errUnsure)) {
		var exact sqlgen.Statement
		if exact, err = generate(true); err == nil {
			r, err = s.run(ctx, exact)
		}
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func isOverflow(err error) bool {
	var d *duckdb.Error
	return errors.As(err, &d) && d.Type == duckdb.ErrorTypeOutOfRange
}

// run starts a statement.
func (s *Session) run(ctx context.Context, st sqlgen.Statement) (*rows, error) {
	if err := s.e.register(st.Functions); err != nil {
		return nil, err
	}
	s.e.makeRoom(ctx)
	ctx, cancel := s.limit(ctx)
	from, err := s.open(ctx, st)
	if err != nil {
		err = s.explain(ctx, err)
		cancel()
		return nil, err
	}
	return newRows(ctx, cancel, s, from, st.Columns), nil
}

func (s *Session) open(ctx context.Context, st sqlgen.Statement) (from feed, err error) {
	if !s.streams {
		r, err := s.conn.QueryContext(ctx, st.SQL, st.Args...)
		return &whole{Rows: r}, err
	}
	err = s.conn.Raw(func(c any) error {
		from, err = openStream(ctx, c.(*duckdb.Conn), st.SQL, st.Args)
		return err
	})
	return from, err
}

func (s *Session) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.e.cfg.Timeout > 0 {
		return context.WithTimeoutCause(ctx, s.e.cfg.Timeout, ErrTimeout)
	}
	return context.WithCancel(ctx)
}

// explain tells a timeout, and too little memory or disk, from other errors.
func (s *Session) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	var d *duckdb.Error
	if errors.As(err, &d) && s.e.noRoom(d) {
		return fmt.Errorf("%w in the temporary folder %s; make room on its disk, or narrow the query with where", ErrTemporary, s.e.cfg.TempDirectory)
	}
	if errors.As(err, &d) && (d.Type == duckdb.ErrorTypeOutOfMemory || strings.Contains(d.Msg, ErrMemory.Error())) {
		return ErrMemory // what the engine says besides is about its settings, which are ours
	}
	if d != nil {
		_, why, failed := strings.Cut(d.Msg, functionFailed)
		if !failed {
			why, _, _ = strings.Cut(d.Msg, "\n") // behind it stands our SQL
		}
		if failed || refusals[d.Type] {
			return &refused{why, err}
		}
	}
	return fmt.Errorf("run query: %w", err)
}

// refused is an error of the engine that says [ErrRefused] to people.
type refused struct {
	why string
	err error
}

func (r *refused) Error() string   { return ErrRefused.Error() + ": " + r.why }
func (r *refused) Unwrap() []error { return []error{ErrRefused, r.err} }

// Rows implements the binder's runner: all rows of a part of a query.
func (s *Session) Rows(ctx context.Context, q *plan.Query) ([][]any, error) {
	r, err := s.Query(ctx, q)
	if err != nil {
		return nil, err
	}
	t, err := result.Read(r)
	if err != nil {
		return nil, err
	}
	return t.Data, nil
}

// Store implements the binder's runner: it keeps rows as a table of this
// connection.
func (s *Session) Store(ctx context.Context, cols []catalog.Column, rows [][]any) (*catalog.Table, error) {
	s.e.mu.Lock()
	s.e.stored++
	name := fmt.Sprintf("kql_stored_%d", s.e.stored)
	s.e.mu.Unlock()
	t := &catalog.Table{Name: name, Relation: name}
	var defs []string
	for _, c := range cols {
		c.Physical = sqlTypes[c.Type]
		t.Columns = append(t.Columns, c)
		defs = append(defs, Dialect{}.Quote(c.Name)+" "+c.Physical)
	}
	if _, err := s.conn.ExecContext(ctx, "CREATE TEMP TABLE "+name+" ("+strings.Join(defs, ", ")+")"); err != nil {
		return nil, fmt.Errorf("store rows: %w", err)
	}
	s.tables = append(s.tables, name)
	return t, s.fill(name, cols, rows)
}

func (s *Session) fill(name string, cols []catalog.Column, rows [][]any) error {
	return s.conn.Raw(func(c any) error {
		a, err := duckdb.NewAppender(c.(*duckdb.Conn), "temp", "main", name)
		if err != nil {
			return fmt.Errorf("store rows: %w", err)
		}
		for _, row := range rows {
			if err := a.AppendRow(driverRow(cols, row)...); err != nil {
				a.Close()
				return fmt.Errorf("store rows: %w", err)
			}
		}
		return a.Close()
	})
}
