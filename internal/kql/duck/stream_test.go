package duck

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/kql/bind"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// planOf binds a query.
func planOf(t *testing.T, s *Session, text string) *plan.Query {
	t.Helper()
	tree, ds := syntax.Parse(text)
	if err := ds.Err(); err != nil {
		t.Fatalf("parse %s: %v", text, err)
	}
	bound, ds := bind.Query(t.Context(), tree, bind.Options{Now: value.FromTime(time.Unix(1780272000, 0)), Runner: s})
	if err := ds.Err(); err != nil {
		t.Fatalf("bind %s: %v", text, err)
	}
	return bound.Queries[0]
}

func sessions(t *testing.T, cfg Config) (whole, streaming *Session) {
	t.Helper()
	e, err := Open(t.Context(), cfg, nil)
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	t.Cleanup(func() { e.Close() })
	open := func() *Session {
		s, err := e.Session(context.Background())
		if err != nil {
			t.Fatalf("Session() error:\n%+v", err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	whole, streaming = open(), open()
	streaming.Unbound()
	return whole, streaming
}

// TestStream compares results that stream with whole ones.
func TestStream(t *testing.T) {
	t.Parallel()
	whole, streaming := sessions(t, DefaultConfig())
	for _, text := range []string{
		"print b=true, i=int(-7), l=9223372036854775807, r=0.5, nan=real(nan), s='short', lengthy='longer than twelve bytes é', empty='', t=datetime(2026-05-31 13:45:00.1234567), d=1d",
		"print dec=decimal(1.25), g=guid(74be27de-1e4e-49d9-b579-fe0b331d3642), dyn=dynamic({\"a\":[1,null]}), twelve='123456789012', thirteen='1234567890123'",
		"print b=bool(null), i=int(null), l=long(null), r=real(null), d=decimal(null), t=datetime(null), span=timespan(null), dyn=dynamic(null)",
		"range x from 1 to 10000 step 1 | extend s=strcat('number ', x), odd=x % 2 == 1, null=iff(x % 3 == 0, int(null), toint(x))",
		"range x from 1 to 10000 step 1 | order by x desc",
		"range x from 1 to 100 step 1 | where x > 1000",
		"range x from 9223372036854775700 to 9223372036854775807 step 1 | extend y=x+100",                  // overflows at once
		"range x from 1 to 20000 step 1 | extend y=iff(x == 20000, 9223372036854775807, x) | extend z=y+1", // and behind many rows
		"range x from 1 to 20000 step 1 | summarize n=count(), sum(x) by x % 7 | order by Column1 asc",
	} {
		want, err := whole.Query(t.Context(), planOf(t, whole, text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		got, err := streaming.Query(t.Context(), planOf(t, streaming, text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		a, errA := result.Read(want)
		b, errB := result.Read(got)
		if errA != nil || errB != nil {
			t.Errorf("%s: errors %v and %v", text, errA, errB)
		}
		if diff := cmp.Diff(lines(a), lines(b)); diff != "" {
			t.Errorf("%s (-whole +stream):\n%s", text, diff)
		}
	}
}

func lines(t *result.Table) []string {
	var out []string
	for _, row := range t.Data {
		out = append(out, value.JSON(value.Array(row)))
	}
	return out
}

// TestStreamEarly reads the first rows of a result that never could be held.
func TestStreamEarly(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.Memory = "64MB"
	_, s := sessions(t, cfg)
	rows, err := s.Query(t.Context(), series(1e12))
	if err != nil {
		t.Fatalf("Query() error:\n%+v", err)
	}
	for n := int64(1); n <= 100_000; n++ {
		row, err := rows.Next()
		if err != nil || row[0] != n {
			t.Fatalf("row %d is %v, error %v", n, row, err)
		}
	}
	for range 2 {
		if err := rows.Close(); err != nil {
			t.Errorf("Close() error:\n%+v", err)
		}
	}
	again, err := s.Query(t.Context(), series(3))
	if err != nil {
		t.Fatalf("the next query in the session: %v", err)
	}
	if table, err := result.Read(again); err != nil || len(table.Data) != 3 {
		t.Errorf("the next query gives %v, error %v", table, err)
	}
}

func TestStreamEnds(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	cfg.Timeout = 300 * time.Millisecond
	_, s := sessions(t, cfg)
	read := func(ctx context.Context) error {
		rows, err := s.Query(ctx, series(1e12))
		if err != nil {
			return err
		}
		defer rows.Close()
		for {
			if _, err := rows.Next(); err != nil {
				return err
			}
		}
	}
	if err := read(t.Context()); !errors.Is(err, ErrTimeout) {
		t.Errorf("a stream that takes too long ends with %v, want %v", err, ErrTimeout)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a stream that is given up ends with %v, want %v", err, context.Canceled)
	}
	if err := read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a stream that was given up before ends with %v, want %v", err, context.Canceled)
	}
	rows, err := s.Query(t.Context(), series(0))
	if err != nil {
		t.Fatalf("Query() error:\n%+v", err)
	}
	defer rows.Close()
	if _, err := rows.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("no rows end with %v", err)
	}
}

// A result that is left before its end keeps its connection's transaction open,
// and the connection goes back to the pool. What is registered meanwhile must be
// seen by all others.
func TestFunctionsAreSeenBesideAnUnreadStream(t *testing.T) {
	t.Parallel()
	e, err := Open(t.Context(), DefaultConfig(), nil)
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	defer e.Close()
	left, err := e.Session(t.Context())
	if err != nil {
		t.Fatalf("Session() error:\n%+v", err)
	}
	left.Unbound()
	r, err := left.Query(t.Context(), planOf(t, left, "range i from 1 to 10000000 step 1"))
	if err != nil {
		t.Fatalf("Query() error:\n%+v", err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatalf("Next() error:\n%+v", err)
	}
	other, err := e.Session(t.Context())
	if err != nil {
		t.Fatalf("Session() error:\n%+v", err)
	}
	defer other.Close()
	r.Close()
	if err := left.Close(); err != nil {
		t.Fatalf("Close() error:\n%+v", err)
	}
	rows, err := other.Rows(t.Context(), planOf(t, other, "range i from 1 to 1 step 1 | extend b = bag_pack('a', tostring(i))"))
	if err != nil || len(rows) != 1 {
		t.Fatalf("Rows() = %v, error:\n%+v", rows, err)
	}
}
