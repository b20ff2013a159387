package bind

import (
	"strconv"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// relation is a node with what a query knows of its rows.
type relation struct {
	node plan.Node
	// cols are the columns that the query sees, in order.
	cols []*plan.Column
	// hidden are columns that the query sees only where it names them.
	hidden []*plan.Column
	// order is how the rows are ordered; its columns need not be in cols.
	order []plan.Key
	// ordinal tells that order is one column that numbers the rows as they
	// came, which nobody asked for. It is kept only while that costs nothing.
	ordinal bool
	// serialized tells that window functions may be used.
	serialized bool
	// part are columns that cut the rows into partitions, each of which the
	// operators treat as a table of its own: inside mv-apply and partition.
	part []*plan.Column
	// name is what union withsource calls the rows, "" where they have none.
	name string
}

// find returns the column of that name.
func (r *relation) find(name string) *plan.Column {
	for _, list := range [][]*plan.Column{r.cols, r.hidden} {
		for _, c := range list {
			if c.Name == name {
				return c
			}
		}
	}
	return nil
}

// keepHidden lets the hidden columns of r go on in out, which was projected from
// it, but those whose names are taken now.
func (r *relation) keepHidden(out *relation) *relation {
	p, ok := out.node.(*plan.Project)
	if !ok {
		return out
	}
	for _, c := range r.hidden {
		if out.find(c.Name) == nil {
			p.Items = append(p.Items, plan.Item{Col: c, X: &plan.Ref{Col: c}})
			out.hidden = append(out.hidden, c)
		}
	}
	return out
}

func (r *relation) names() []string {
	out := make([]string, len(r.cols))
	for i, c := range r.cols {
		out[i] = c.Name
	}
	return out
}

// item is a column to be made.
type item struct {
	name string
	x    plan.Expr
	at   syntax.Span
}

// project makes a relation of computed columns. Columns that only order or cut
// the rows go on unseen.
func (b *binder) project(r *relation, items []item) *relation {
	items, r = b.hoistAll(r, items)
	p := &plan.Project{In: r.node}
	out := &relation{serialized: r.serialized, ordinal: r.ordinal, name: r.name}
	kept := map[*plan.Column]*plan.Column{}
	for _, it := range items {
		c := b.itemColumn(it, kept)
		p.Items = append(p.Items, plan.Item{Col: c, X: it.x})
		out.cols = append(out.cols, c)
	}
	keep := func(c *plan.Column) *plan.Column {
		if n, ok := kept[c]; ok {
			return n
		}
		kept[c] = c
		p.Items = append(p.Items, plan.Item{Col: c, X: &plan.Ref{Col: c}})
		return c
	}
	for _, k := range r.order {
		out.order = append(out.order, plan.Key{Col: keep(k.Col), Desc: k.Desc, NullsFirst: k.NullsFirst})
	}
	for _, c := range r.part {
		out.part = append(out.part, keep(c))
	}
	out.node = p
	return out
}

// itemColumn returns the column for an item: the same one where it goes on
// under its name.
func (b *binder) itemColumn(it item, kept map[*plan.Column]*plan.Column) *plan.Column {
	ref, ok := it.x.(*plan.Ref)
	if ok && ref.Col.Name == it.name && kept[ref.Col] == nil {
		kept[ref.Col] = ref.Col
		return ref.Col
	}
	c := b.column(it.name, it.x.Type())
	if ok && kept[ref.Col] == nil {
		kept[ref.Col] = c
	}
	return c
}

// all returns items for the columns as they are.
func (r *relation) all() []item {
	out := make([]item, len(r.cols))
	for i, c := range r.cols {
		out[i] = item{name: c.Name, x: &plan.Ref{Col: c}}
	}
	return out
}

// filter keeps the rows for which the condition is true.
func (b *binder) filter(r *relation, cond plan.Expr) *relation {
	cond, r = b.hoist(r, cond)
	out := *r
	out.node = &plan.Filter{In: r.node, Cond: cond}
	return &out
}

// unique returns name, or name with the first number that makes it new.
func unique(name string, taken func(string) bool) string {
	out := name
	for i := 1; taken(out); i++ {
		out = name + strconv.Itoa(i)
	}
	return out
}

// takenBy tells names that items have.
func takenBy(items []item) func(string) bool {
	return func(name string) bool {
		for _, it := range items {
			if it.name == name {
				return true
			}
		}
		return false
	}
}

var unknown = &plan.Lit{T: value.Unknown}
