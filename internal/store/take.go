package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/sekisho/sekisho/internal/segment"
)

// Take implements [Store].
func (e *Embedded) Take(ctx context.Context, file string) (Segment, bool, error) {
	info, fresh, err := e.folder.TakeInfo(file)
	var damaged *segment.DamagedError
	if errors.As(err, &damaged) {
		return Segment{}, false, &Unreadable{File: file, SetAside: filepath.Join(e.cfg.Folder, "damaged", filepath.Base(file)), Reason: damaged.Err}
	}
	if err != nil {
		return Segment{}, false, err // gone, not ours to read, or no room
	}
	taken := Segment{Table: info.Name.Table, Rows: info.Rows, From: info.From, To: info.To}
	if fresh && info.Name.Level == 0 { // a merged one may be of many, and of long ago
		taken.Source, err = e.sourceOf(ctx, info)
	}
	return taken, fresh, err
}

// writer is what tells those apart that write segments. The id of a firewall does
// not: it is its name on its host. Nor do id and boot, once it is given another
// resource id.
type writer struct{ firewall, boot, resource string }

// sourceOf is the firewall that wrote a segment, as its rows name it. Segments
// name it by its id on its host; the rows of the first one tell the rest.
func (e *Embedded) sourceOf(ctx context.Context, info segment.Info) (Source, error) {
	from := writer{info.Name.Firewall, info.Name.Boot, info.Resource}
	e.mu.Lock()
	known, ok := e.sources[from]
	e.mu.Unlock()
	if ok {
		return known, nil
	}
	source, err := e.readSource(ctx, info)
	if err != nil || info.Resource == "" { // then the next one may have other rows
		return source, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sources[from] = source
	return source, nil
}

// readSource reads it from a row. The segment may be merged already: it is
// looked for by its time.
func (e *Embedded) readSource(ctx context.Context, info segment.Info) (Source, error) {
	g := e.pin()
	defer g.Release()
	var files []string
	for _, s := range g.Segments(info.Name.Table, info.From, info.To) {
		if s.Name == info.Name {
			files = append(files, s.Path)
		}
	}
	source := Source{Firewall: info.Name.Firewall}
	if len(files) == 0 {
		return source, nil
	}
	text := `SELECT coalesce("Firewall", ''), coalesce("_ResourceId", ''), coalesce("_SubscriptionId", '') FROM read_parquet(` + quoteList(files) + ") LIMIT 1"
	err := e.sql(ctx, text, func(r *sql.Rows) error { return r.Scan(&source.Firewall, &source.Resource, &source.Subscription) })
	if err != nil {
		return source, fmt.Errorf("read whose rows a segment has: %w", err)
	}
	return source, nil
}
