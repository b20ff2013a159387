package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/sekisho/sekisho/internal/logs"
)

// opened is a file that a view's SQL names.
type opened struct{ table *logs.Table }

// Stale implements [View]. A query may fail because another process removed one
// of its files, because an older program wrote one that lacks a column, or
// because one is damaged. Then the next view does without it.
func (v *view) Stale(ctx context.Context) error {
	v.mu.Lock()
	failed, files := v.failed, v.opened
	v.mu.Unlock()
	if failed == nil {
		return nil
	}
	if err := v.store.withoutMissing(files); err != nil {
		return err
	}
	if fatal(failed) {
		if err := v.store.restart(ctx); err != nil {
			return err
		}
	}
	if lacksColumn(failed) {
		return v.store.noteUneven(files, failed)
	}
	if !v.store.blamesFile(failed) {
		return nil
	}
	return v.store.passDamaged(ctx, files)
}

// withoutMissing has the next view do without files that are gone: another process
// merged or removed them, or somebody deleted them.
func (e *Embedded) withoutMissing(files map[string]opened) error {
	var gone []error
	for f := range files {
		if _, err := os.Stat(f); !errors.Is(err, os.ErrNotExist) {
			continue
		}
		gone = append(gone, fmt.Errorf("%s is gone", filepath.Base(f)))
		if e.cfg.ReadOnly {
			continue
		}
		if err := e.folder.Missing(filepath.Base(f)); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return errors.Join(append(gone, e.refresh())...)
}

// lacksColumn tells the errors of DuckDB about a column that a file has not.
func lacksColumn(err error) bool {
	text := err.Error()
	return strings.Contains(text, "schema mismatch") || strings.Contains(text, "not found in FROM clause") ||
		strings.Contains(text, "If you are trying to read files with different schemas")
}

// noteUneven has the columns of each file of these tables looked at from now on.
func (e *Embedded) noteUneven(files map[string]opened, why error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var fresh error
	for _, o := range files {
		if !e.uneven[o.table] {
			e.uneven[o.table] = true
			fresh = fmt.Errorf("segments of %s lack a column: %w", o.table.Name, why)
		}
	}
	return fresh
}

// byFiles are the kinds of DuckDB's errors that a damaged file causes; other
// kinds are the query's.
var byFiles = []duckdb.ErrorType{duckdb.ErrorTypeInvalid, duckdb.ErrorTypeIO, duckdb.ErrorTypeInvalidInput, duckdb.ErrorTypeSerialization,
	duckdb.ErrorTypeNotImplemented, duckdb.ErrorTypeInternal, duckdb.ErrorTypeFatal, duckdb.ErrorTypeUnknownType}

// blamesFile tells errors that a damaged file may have caused. Which one, the
// error need not say: all files are looked at then.
func (e *Embedded) blamesFile(err error) bool {
	var d *duckdb.Error
	return strings.Contains(err.Error(), e.cfg.Folder) || errors.As(err, &d) && slices.Contains(byFiles, d.Type)
}

// fatal tells the errors after which DuckDB runs no query any more.
func fatal(err error) bool {
	text := err.Error()
	return strings.Contains(text, "INTERNAL Error") || strings.Contains(text, "FATAL Error") || strings.Contains(text, "has been invalidated")
}

// passDamaged reads each of the files whole and sets aside those that cannot be
// read. Without one it is nil: the query has failed by itself.
func (e *Embedded) passDamaged(ctx context.Context, files map[string]opened) error {
	var found []error
	for f := range files {
		reason := e.readWhole(ctx, f)
		if reason == nil || ctx.Err() != nil {
			continue
		}
		if fatal(reason) {
			if err := e.restart(ctx); err != nil {
				return err
			}
		}
		if err := e.pass(f, reason); err != nil {
			return err
		}
		found = append(found, fmt.Errorf("%s is damaged and was set aside: %w", filepath.Base(f), reason))
	}
	return errors.Join(found...)
}

// readWhole reads all values of a file.
func (e *Embedded) readWhole(ctx context.Context, file string) error {
	return e.sql(ctx, "SELECT max(hash(t)) FROM read_parquet("+quoteList([]string{file})+") AS t", func(r *sql.Rows) error {
		var hash any
		return r.Scan(&hash)
	})
}

// pass has no query open a file any more.
func (e *Embedded) pass(file string, reason error) error {
	if e.cfg.ReadOnly {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.passed[file] = true
		return nil
	}
	why, _, _ := strings.Cut(reason.Error(), "\n") // behind it is the SQL
	return e.folder.SetAside(filepath.Base(file), why)
}
