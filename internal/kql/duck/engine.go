// Package duck runs KQL on DuckDB, in memory, over tables that a catalog names.
//
// The engine is shut in before the first query: no file but those it was given,
// no network, no extension, no setting that can be changed any more. What
// queries say reaches it only as arguments; names reach it through the catalog.
//
// Functions that SQL lacks, or means differently, are Go functions of package
// funcs. They are registered when a query first needs them, one for each
// combination of types.
package duck

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// Config limits an engine.
type Config struct {
	// Memory bounds what DuckDB keeps, such as "1GB".
	Memory string
	// Threads is how many cores one query may use.
	Threads int
	// Timeout ends a query; a context may end it sooner.
	Timeout time.Duration
	// Rows and Bytes bound a result, as Kusto bounds it.
	Rows, Bytes int64
	// Directories and Files are what tables may be read from.
	Directories, Files []string
	// TempDirectory takes what does not fit into memory; "" for nothing.
	TempDirectory string
}

// DefaultConfig is an engine for one user.
func DefaultConfig() Config {
	return Config{
		Memory:  "1GB",
		Threads: runtime.NumCPU(),
		Timeout: 4 * time.Minute, // Kusto's own limit
		Rows:    500_000,         // Kusto's own limit
		Bytes:   64 << 20,        // Kusto's own limit
	}
}

// Engine is a DuckDB in memory. It is safe for concurrent use.
type Engine struct {
	cfg Config
	db  *sql.DB

	mu sync.Mutex
	// own registers functions and nothing else: a function is seen by others when
	// its connection's transaction ends, and a connection of the pool may still be
	// in that of a stream that somebody left.
	own        *sql.Conn
	registered map[string]bool
	stored     int
	room       int64 // what DuckDB was told that the temporary folder may take
}

// setup are macros that the dialect uses.
var setup = []string{
	// kql_wrap takes a sum to 64 bits as Kusto's arithmetic does. Most sums fit,
	// and 128-bit remainders are slow; what stood in it twice would be computed
	// ahead, for all sums.
	`CREATE MACRO kql_wrap(h) AS coalesce(TRY_CAST(h AS BIGINT), CAST(
		((h + 9223372036854775808) % 18446744073709551616 + 18446744073709551616) % 18446744073709551616 - 9223372036854775808 AS BIGINT))`,
}

// Open starts an engine. Prepare, if set, may make views and tables; after it
// the engine is shut in.
func Open(ctx context.Context, cfg Config, prepare func(ctx context.Context, c *sql.Conn) error) (*Engine, error) {
	connector, err := duckdb.NewConnector("", func(driver.ExecerContext) error { return nil })
	if err != nil {
		return nil, fmt.Errorf("open DuckDB: %w", err)
	}
	e := &Engine{cfg: cfg, db: sql.OpenDB(connector), registered: map[string]bool{}}
	if e.own, err = e.db.Conn(ctx); err == nil {
		err = e.prepare(ctx, prepare)
	}
	if err != nil {
		e.db.Close()
		return nil, err
	}
	return e, nil
}

func (e *Engine) prepare(ctx context.Context, prepare func(ctx context.Context, c *sql.Conn) error) error {
	c, err := e.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open DuckDB: %w", err)
	}
	defer c.Close()
	for _, s := range append(e.settings(), setup...) {
		if _, err := c.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("set up DuckDB: %w", err)
		}
	}
	if prepare != nil {
		if err := prepare(ctx, c); err != nil {
			return err
		}
	}
	for _, s := range e.lock() {
		if _, err := c.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("shut DuckDB in: %w", err)
		}
	}
	return nil
}

func (e *Engine) settings() []string {
	out := []string{
		"SET autoinstall_known_extensions = false", "SET autoload_known_extensions = false",
		"SET allow_community_extensions = false", "SET GLOBAL TimeZone = 'UTC'",
		"SET late_materialization_max_rows = 1000", // docs of the store: newest rows first
	}
	if e.cfg.Memory != "" {
		out = append(out, "SET memory_limit = "+quoteString(e.cfg.Memory))
	}
	if e.cfg.Threads > 0 {
		out = append(out, fmt.Sprintf("SET threads = %d", e.cfg.Threads))
	}
	return append(out, "SET temp_directory = "+quoteString(e.cfg.TempDirectory))
}

// lock leaves only the given files readable, and fixes all settings but that of
// how much the temporary folder may take.
func (e *Engine) lock() []string {
	return []string{
		"SET allowed_directories = " + quoteList(e.cfg.Directories),
		"SET allowed_paths = " + quoteList(e.cfg.Files),
		"SET enable_external_access = false",
		"SET allowed_configs = " + quoteList([]string{temporarySetting}),
		"SET lock_configuration = true",
	}
}

// quoteString writes a setting of the configuration, never of a query.
func quoteString(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func quoteList(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, quoteString(s))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// Close ends the engine.
func (e *Engine) Close() error { return errors.Join(e.own.Close(), e.db.Close()) }
