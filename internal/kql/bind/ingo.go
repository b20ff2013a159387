package bind

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// rows runs a relation while the rest is bound, and gives the values of cols,
// nil for all, in the relation's order. ok is false where nothing can be run.
func (b *binder) rows(at syntax.Span, r *relation, cols []*plan.Column) (rows [][]any, ok bool) {
	if b.opts.Runner == nil || b.failed() {
		return nil, false
	}
	if cols == nil {
		cols = r.cols
	}
	rows, err := b.opts.Runner.Rows(b.ctx, &plan.Query{Node: r.node, Cols: cols, Order: r.order})
	if err != nil {
		b.stop(err)
		return nil, false
	}
	return rows, true
}

// stored makes a relation of rows that Go has computed. They are numbered, and
// stay in their order where nothing else orders them.
func (b *binder) stored(at syntax.Span, names []string, types []value.Type, rows [][]any) *relation {
	if len(rows)*(len(names)+1) <= maxInline {
		return b.inline(names, types, rows)
	}
	cols := []catalog.Column{{Name: "n", Type: value.LongType}}
	for i := range names {
		cols = append(cols, catalog.Column{Name: fmt.Sprintf("c%d", i), Type: types[i]})
	}
	for i, row := range rows {
		rows[i] = append([]any{int64(i)}, row...)
	}
	if b.opts.Runner == nil {
		return b.inline(names, types, nil)
	}
	t, err := b.opts.Runner.Store(b.ctx, cols, rows)
	if err != nil {
		b.stop(err)
		return nil
	}
	r := b.scan(t)
	out := &relation{node: r.node, order: []plan.Key{{Col: r.cols[0]}}, ordinal: true, serialized: true}
	for i, c := range r.cols[1:] {
		c.Name = names[i]
		out.cols = append(out.cols, c)
	}
	return out
}

// maxInline is how many values go into the SQL as arguments; more go through a
// table.
const maxInline = 2000

func (b *binder) inline(names []string, types []value.Type, rows [][]any) *relation {
	n := &plan.Rows{Ordinal: b.column("", value.LongType), Data: rows}
	for i := range names {
		n.Cols = append(n.Cols, b.column(names[i], types[i]))
	}
	return &relation{node: n, cols: n.Cols, order: []plan.Key{{Col: n.Ordinal}}, ordinal: true, serialized: true}
}
