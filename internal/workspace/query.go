package workspace

import (
	"context"
	"strings"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/store"
)

// Query answers a query in KQL. Its scope may be one firewall, or all that lies
// below a resource id, and a span of time; see [store.Scope]. The error is of type
// syntax.Diagnostics when the text is at fault, and [*Throttled] when too many
// other queries run. A query runs until its rows are closed.
func (w *Workspace) Query(ctx context.Context, q store.Query) (*kql.Answer, error) {
	done, err := w.turns.take(ctx)
	if err != nil {
		return nil, err
	}
	a, err := store.Run(ctx, w.store, q)
	if err != nil {
		done()
		return nil, err
	}
	a.Rows = &turnRows{a.Rows, done}
	return a, nil
}

// Asker answers queries: a [Workspace], a [Client] of a running one, or a
// [Reader] of a folder.
type Asker interface {
	Query(ctx context.Context, q store.Query) (*kql.Answer, error)
	Tables(ctx context.Context) ([]TableSize, error)
}

// Quoted writes a text as a literal of KQL.
func Quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(s) + `"`
}
