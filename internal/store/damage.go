package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
	for f := range files {
		if _, err := os.Stat(f); errors.Is(err, os.ErrNotExist) {
			return errors.Join(fmt.Errorf("a segment was removed while it was read: %w", err), v.store.refresh())
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

// blamesFile tells errors that a damaged file may have caused. What it says of
// itself need not be true: all files are looked at then.
func (e *Embedded) blamesFile(err error) bool {
	text := err.Error()
	for _, sign := range []string{e.cfg.Folder, "arquet", "ZSTD", "zstd", "TProtocol", "Thrift", "Snappy", "IO Error", "decompress",
		"Invalid Input Error", "INTERNAL Error", "out of range", "Out of buffer"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
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
	return e.folder.SetAside(filepath.Base(file), reason.Error())
}
