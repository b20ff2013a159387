package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"sync"

	"github.com/sekisho/sekisho/internal/logs"
)

// resources are whose rows each segment has, by its path: the different
// _ResourceId of its rows. A segment's name has the firewall's id on its host
// only, and that of a merged one nobody's; so each is asked once, when a query in
// the scope of a firewall comes across it, for the one column that tells.
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

// askWhose learns of files of which it is not known whose rows they have.
func (e *Embedded) askWhose(ctx context.Context, files []string) {
	var unknown []string
	for _, f := range files {
		if _, known := e.resources.known(f); !known {
			unknown = append(unknown, f)
		}
	}
	if len(unknown) == 0 {
		return
	}
	fresh, same := map[string][]string{}, map[string]string{}
	err := e.sql(ctx, `SELECT DISTINCT filename, coalesce("_ResourceId", '') FROM read_parquet(`+quoteList(unknown)+", filename = true)",
		func(rows *sql.Rows) error {
			var file, id string
			if err := rows.Scan(&file, &id); err != nil {
				return err
			}
			if _, ok := same[id]; !ok {
				same[id] = id // one text for all files that have it
			}
			fresh[file] = append(fresh[file], same[id])
			return nil
		})
	if err == nil {
		e.resources.learn(fresh)
	}
}

// resource is the scope's resource id as rows have it; empty for all.
func (s Scope) resource() string { return logs.LowerID(strings.TrimSuffix(s.Resource, "/")) }
