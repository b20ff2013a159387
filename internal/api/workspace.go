package api

import (
	"context"
	"fmt"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// Workspace is what this package needs of one. Implementations are safe for
// concurrent use.
type Workspace interface {
	// Name is the database's name for Kusto's clients.
	Name() string
	// ID is the GUID by which Log Analytics' clients name the workspace, and
	// the TenantId of its rows.
	ID() string
	// Tables lists the tables that queries can name.
	Tables(ctx context.Context) ([]Table, error)
	// Query runs a query. Its answer's rows are not bounded: who reads them
	// counts. What is wrong with the text is of type syntax.Diagnostics;
	// duck.ErrTimeout, duck.ErrMemory and duck.ErrTooLarge are told apart, and
	// [*Throttled].
	Query(ctx context.Context, q Query) (*kql.Answer, error)
}

// Throttled is the error of a query that was not run, because too many others
// are. It may be asked again.
type Throttled struct {
	// Capacity is how many queries run at a time.
	Capacity int
}

// Error implements error.
func (t *Throttled) Error() string {
	return fmt.Sprintf("The query was aborted due to throttling. Retrying after some backoff might succeed. Capacity: %d, Origin: 'Workspace'.", t.Capacity)
}

// Table is a table of a workspace.
type Table struct {
	Name string
	// Doc says in plain text when a row is written.
	Doc     string
	Columns []Column
}

// Column is a column of a table.
type Column struct {
	Name string
	Type value.Type
	Doc  string
}

// Query is a query and the part of the workspace that it sees.
type Query struct {
	Text string
	// Resource is a resource id in lower case: of each table only the rows
	// whose _ResourceId is this one, or lies below it. "" is all rows.
	Resource string
	// From and To bound TimeGenerated: From <= TimeGenerated < To. A zero time
	// does not bound. Tables without TimeGenerated are not bounded.
	From, To time.Time
	// Now is what now() gives; the zero time stands for the present.
	Now time.Time
	// Parameters are values for declare query_parameters.
	Parameters map[string]any
}
