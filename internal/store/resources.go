package store

import (
	"context"
	"database/sql"
	"os"
	"slices"
	"strings"
	"sync"
	"unique"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// resources are whose rows each segment has, by its path: the different
// _ResourceId of its rows. A segment's name has the firewall's id on its host
// only, and that of a merged one nobody's; so the one column that tells is looked
// at once, when a query in the scope of a firewall comes across the segment.
// Segments never change and no path is used twice, so what is known stays true.
type resources struct {
	mu sync.Mutex
	of map[string][]string
}

// mostResources is of how many segments this is remembered: some megabytes.
const mostResources = 50_000

func (r *resources) known(file string) (ids []string, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids, known = r.of[file]
	return ids, known
}

func (r *resources) learn(fresh map[string][]string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil || len(r.of)+len(fresh) > mostResources {
		r.of = map[string][]string{}
	}
	for file, ids := range fresh {
		for i, id := range ids {
			ids[i] = unique.Make(id).Value() // one text for all files that have it
		}
		r.of[file] = ids
	}
}

// inScope leaves out the files that have no row of a scope's resource. Where that
// cannot be known, as of a damaged file, it stays: the query itself finds out.
func (e *Embedded) inScope(ctx context.Context, files []string, s Scope) []string {
	if s.Resource == "" || len(files) == 0 {
		return files
	}
	id := s.resource()
	e.askWhose(ctx, files)
	return slices.DeleteFunc(files, func(file string) bool {
		ids, known := e.resources.known(file)
		return known && !slices.ContainsFunc(ids, func(have string) bool { return have == id || strings.HasPrefix(have, id+"/") })
	})
}

// smallFile is what is read whole, for its checksum, in a millisecond or two.
const smallFile = 8 << 20

// askWhose learns of files of which it is not known whose rows they have: of small
// ones from their dictionaries, of others by a query over the one column.
func (e *Embedded) askWhose(ctx context.Context, files []string) {
	fresh, hard := map[string][]string{}, []string(nil)
	for _, f := range files {
		if _, known := e.resources.known(f); known || ctx.Err() != nil {
			continue
		}
		if info, err := os.Stat(f); err == nil && info.Size() <= smallFile {
			if ids, err := segment.Texts(f, "_ResourceId"); err == nil {
				fresh[f] = ids
				continue
			}
		}
		hard = append(hard, f)
	}
	if len(hard) > 0 && e.readWhose(ctx, hard, fresh) != nil {
		for _, f := range hard {
			delete(fresh, f)
		}
	}
	e.resources.learn(fresh)
}

// readWhose reads it from the rows.
func (e *Embedded) readWhose(ctx context.Context, files []string, into map[string][]string) error {
	return e.sql(ctx, `SELECT DISTINCT filename, coalesce("_ResourceId", '') FROM read_parquet(`+quoteList(files)+", filename = true)",
		func(rows *sql.Rows) error {
			var file, id string
			err := rows.Scan(&file, &id)
			into[file] = append(into[file], id)
			return err
		})
}

// resource is the scope's resource id as rows have it; empty for all.
func (s Scope) resource() string { return logs.LowerID(strings.TrimSuffix(s.Resource, "/")) }
