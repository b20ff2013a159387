// Package randomly makes random queries, right ones and wrong ones, and its
// tests ask three about each: the engine of this module, Microsoft's own
// language service (tools/kusto-oracle), and the evaluator of package plainly.
//
//   - The language service and the engine must agree on whether a query is one,
//     and on the names and types of its columns.
//   - The engine and the evaluator must agree on the rows, and on their order
//     where the query orders them.
//
// A query is made operator by operator. After each the engine's binder says
// which columns there are, and the next operator is made of these, so queries
// get long and still mean something. Expressions are typed: their forms are a
// table in forms.go, where new functions go. Some queries are then spoilt by a
// column, type, function or operator that is wrong.
//
// A query is a tree of [Piece], so that one that shows a disagreement can be
// made smaller: operators and arguments are left out, and expressions replaced
// by parts of themselves, as long as the disagreement is there.
//
// A query is made by the seed of the run and its own number alone, so that it
// can be made again.
package randomly

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/plan"
)

// Query is a random query.
type Query struct {
	Number int
	Root   *Piece
	// Spoilt tells that something was made wrong on purpose.
	Spoilt bool
}

// Generator makes queries over tables.
type Generator struct {
	seed   uint64
	tables []Table
	opts   kql.Options
}

// New returns a generator over tables.
func New(seed uint64, tables []Table) *Generator {
	return &Generator{seed: seed, tables: tables, opts: kql.Options{Catalog: Catalog(tables), Now: now}}
}

// Query makes the query of that number, always the same one.
func (g *Generator) Query(number int) Query {
	m := &maker{Rand: rand.New(rand.NewPCG(g.seed, uint64(number))), g: g}
	q := Query{Number: number, Root: m.pipe(4, nil).root}
	if m.IntN(4) == 0 {
		q.Spoilt = m.spoil(q.Root)
	}
	return q
}

// maker makes one query.
type maker struct {
	*rand.Rand
	g     *Generator
	names int
	// numbered tells that there has been a column with a numbered name.
	numbered bool
}

// rows are what a pipe gives as far as it is made.
type rows struct {
	root *Piece // a list of a source and operators
	cols []*plan.Column
	// unique are columns that no two rows share all values of; nil if unknown.
	unique []string
	// ordered tells that the rows are in an order that tells them all apart.
	ordered bool
}

// refresh asks the binder which columns there are now; ok is false where it
// refuses the query or does not know.
func (m *maker) refresh(r *rows) bool {
	cols, ds := kql.Columns(context.Background(), r.root.String(), m.g.opts)
	r.cols = cols
	m.numbered = m.numbered || slices.ContainsFunc(cols, func(c *plan.Column) bool { return strings.HasPrefix(c.Name, "Column") })
	return !ds.Refused() && len(cols) > 0
}

func pick[T any](m *maker, list []T) T { return list[m.IntN(len(list))] }
