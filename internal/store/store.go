// Package store keeps segments and answers queries over their rows.
//
// [Store] is what a workspace needs of one; the tests that every implementation
// must pass are in package storetest. There is one: [OpenEmbedded], DuckDB over
// the segments of a folder of this host.
//
//	store.go      the interface
//	query.go      a query from its text to its rows, run again where files changed
//	embedded.go   DuckDB over a folder
//	view.go       what one query sees
//	needs.go      which columns a plan reads
//	holds.go      which segments have no row that a query needs
//	resources.go  whose rows a segment has
//	relation.go   the SQL that stands for a table, its rows limited to a scope
//	billed.go     what Azure would bill for a row
//	damage.go     which file made a query fail
//	lost.go       which rows went with it
package store

import (
	"context"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/catalog"
)

// Store keeps the rows of many firewalls. Implementations are safe for
// concurrent use.
type Store interface {
	// Take takes over a closed segment, a file that nobody writes to any more;
	// it is gone from its place afterwards. Its rows are in every view that is
	// opened later. A segment that was taken before is not taken twice: fresh
	// is false then. A file that cannot be read is set aside, and is an
	// [*Unreadable].
	Take(ctx context.Context, file string) (taken Segment, fresh bool, err error)
	// View shows all rows that were taken so far, and goes on showing them
	// while others are taken, merged or removed. It must be closed.
	View(ctx context.Context, scope Scope) (View, error)
	// Tables lists what is kept, table by table; those without rows too.
	Tables(ctx context.Context) ([]Table, error)
	// Lost lists what was lost of what was taken, or could not be taken, until
	// it is told.
	Lost(ctx context.Context) ([]Lost, error)
	// Told says that the loss of a file is told.
	Told(ctx context.Context, file string) error
	// Tend does what is due: small segments become larger ones, rows that are
	// too old or too many are removed, and a part of what is kept is looked through
	// for damage. What a view shows stays until it is
	// closed.
	Tend(ctx context.Context, now time.Time, keep Retention) (Tended, error)
	// Close ends the store. Views must be closed before.
	Close() error
}

// View is what one query sees: a session of it. A query whose context asks for it
// tells how much is done (package progress of kql), where the store knows.
type View interface {
	kql.Session
	// Catalog has the tables; their relations are those of this view.
	Catalog() catalog.Catalog
	// Stale tells why the query should run again in a new view, nil where
	// nothing happened to its files. A query that failed asks for it.
	Stale(ctx context.Context) error
}

// Scope is which rows a view shows. The zero value is all.
type Scope struct {
	// Resource is a resource id in any case: only rows whose _ResourceId is
	// this one or lies below it.
	Resource string
	// From and To bound TimeGenerated: From <= TimeGenerated < To. A zero time
	// does not bound.
	From, To time.Time
	// Unbounded lifts the limits of the size of a result: who reads it counts.
	Unbounded bool
}

// Segment is one that was taken.
type Segment struct {
	Table string
	// Source is the firewall that wrote it; zero for rows of several, as those of a
	// file that was put back.
	Source Source
	Rows   int64
	// From and To are the first and last TimeGenerated of its rows.
	From, To time.Time
}

// Source is the firewall of rows, as they name it.
type Source struct{ Firewall, Resource, Subscription string }

// Table is what is kept of a table.
type Table struct {
	Name     string
	Rows     int64
	Bytes    int64 // on disk
	Segments int
	// Oldest and Newest are the first and last TimeGenerated; zero where there
	// are no rows.
	Oldest, Newest time.Time
}

// Retention is how long rows are kept, by table; "" is every other table.
type Retention map[string]Limit

// Limit bounds a table by the age of its rows and by their size on disk. Zero
// does not bound.
type Limit struct {
	Age   time.Duration
	Bytes int64
}

// Of is the limit of a table.
func (r Retention) Of(table string) Limit {
	if l, ok := r[table]; ok {
		return l
	}
	return r[""]
}

// Tended is what was done.
type Tended struct {
	Merged  int // by how many segments there are fewer, now that some are parts of larger ones
	Removed int // segments that were too old or too many
	// Notes are what was set aside or repaired since the last time, a sentence
	// each, with the path.
	Notes []string
}

// Lost are the rows of a file that is damaged, and was set aside, or gone.
type Lost struct {
	// File is the file's name, and Table that of its rows; empty where it is not
	// known.
	File, Table string
	// From and To bound TimeGenerated of the rows; zero where unknown.
	From, To time.Time
	// Parts are whose rows they are; none where unknown.
	Parts   []LostPart
	Reason  string
	Noticed time.Time
}

// LostPart is what one firewall lost.
type LostPart struct {
	// Firewall is its id on its host, as segments name it.
	Firewall string
	// Resource is the _ResourceId of its rows, empty where unknown: two firewalls
	// may have the same id, each on its own host.
	Resource string
	Rows     int64 // 0 where unknown
}

// Unreadable is a file that cannot be read. It was moved to where it does no
// harm.
type Unreadable struct {
	File, SetAside string
	Reason         error
}

// Error implements error.
func (u *Unreadable) Error() string {
	return "segment " + u.File + " cannot be read and was set aside as " + u.SetAside + ": " + u.Reason.Error()
}

// Unwrap gives the reason.
func (u *Unreadable) Unwrap() error { return u.Reason }
