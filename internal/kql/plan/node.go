package plan

import (
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// Node makes rows.
type Node interface {
	// Inputs returns the nodes whose rows this one reads.
	Inputs() []Node
}

// Item computes one column.
type Item struct {
	Col *Column
	X   Expr
}

// Scan reads a table of the store.
type Scan struct {
	Table *catalog.Table
	// Cols stand for the table's columns, one for each, in their order.
	Cols []*Column
}

// Rows are rows given in the query. Ordinal, if set, numbers them from 0.
type Rows struct {
	Cols    []*Column
	Data    [][]any
	Ordinal *Column
}

// Series is From, From+Step ... up to To, at most Max values.
type Series struct {
	Col      *Column
	From, To any
	Step     any
	Max      int64
}

// Filter keeps the rows for which Cond is true.
type Filter struct {
	In   Node
	Cond Expr
}

// Project computes columns; only they go on.
type Project struct {
	In    Node
	Items []Item
}

// Aggregate makes one row for each group; without keys one row in all.
type Aggregate struct {
	In   Node
	Keys []Item
	Aggs []Item
}

// Limit keeps the first N rows in the order of Keys, of each partition.
type Limit struct {
	In        Node
	N         int64
	Order     []Key
	Partition []*Column
}

// Sample keeps N rows by chance.
type Sample struct {
	In Node
	N  int64
}

// JoinKind is how rows are matched.
type JoinKind uint8

// The kinds of joins that are left when the binder has turned right ones
// round and unrolled innerunique.
const (
	Inner JoinKind = iota
	LeftOuter
	RightOuter
	FullOuter
	LeftSemi
	LeftAnti
)

// Pair is an equality of a join; nulls equal each other.
type Pair struct{ Left, Right Expr }

// Join matches the rows of two nodes. Its columns are Left's and Right's, or
// Left's only for semi and anti.
type Join struct {
	Kind        JoinKind
	Left, Right Node
	On          []Pair
}

// Branch is one input of a union; Items compute the union's columns in order.
type Branch struct {
	In    Node
	Items []Expr
}

// Union is the rows of all branches, one after the other.
type Union struct {
	Cols     []*Column
	Branches []Branch
}

// Unnest makes a row for each element of dynamic arrays, side by side; shorter
// ones are filled with null. Keep are the input's columns that go on. Index,
// if set, counts from 0.
type Unnest struct {
	In    Node
	Keep  []*Column
	Items []Item
	Index *Column
	// KeyValues makes [key, value] arrays of bags rather than one-key bags.
	KeyValues bool
}

// Shared is a node that is read in several places. Materialize runs it once.
type Shared struct {
	In          Node
	Materialize bool
}

// Inputs implements [Node].
func (n *Scan) Inputs() []Node { return nil }

// Inputs implements [Node].
func (n *Rows) Inputs() []Node { return nil }

// Inputs implements [Node].
func (n *Series) Inputs() []Node { return nil }

// Inputs implements [Node].
func (n *Filter) Inputs() []Node { return []Node{n.In} }

// Inputs implements [Node].
func (n *Project) Inputs() []Node { return []Node{n.In} }

// Inputs implements [Node].
func (n *Aggregate) Inputs() []Node { return []Node{n.In} }

// Inputs implements [Node].
func (n *Limit) Inputs() []Node { return []Node{n.In} }

// Inputs implements [Node].
func (n *Sample) Inputs() []Node { return []Node{n.In} }

// Inputs implements [Node].
func (n *Join) Inputs() []Node { return []Node{n.Left, n.Right} }

// Inputs implements [Node].
func (n *Unnest) Inputs() []Node { return []Node{n.In} }

// Inputs implements [Node].
func (n *Shared) Inputs() []Node { return []Node{n.In} }

// Inputs implements [Node].
func (n *Union) Inputs() []Node {
	out := make([]Node, len(n.Branches))
	for i, b := range n.Branches {
		out[i] = b.In
	}
	return out
}

// Query is a node whose columns Cols, in the order of the keys, are a result.
type Query struct {
	Node  Node
	Cols  []*Column
	Order []Key
	// Render is the chart that the query asks for, "" for a table.
	Render     string
	RenderWith map[string]string
}

// Schema returns the columns' names and types.
func (q *Query) Schema() ([]string, []value.Type) {
	names, types := make([]string, len(q.Cols)), make([]value.Type, len(q.Cols))
	for i, c := range q.Cols {
		names[i], types[i] = c.Name, c.Type
	}
	return names, types
}
