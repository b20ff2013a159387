package bind

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// joinKinds are the kinds of join by name: which rows match, whether the sides
// are turned round, and whether rows with equal keys on the left count once.
var joinKinds = map[string]struct {
	kind   plan.JoinKind
	turned bool
	unique bool
}{
	"": {kind: plan.Inner, unique: true}, "innerunique": {kind: plan.Inner, unique: true}, "inner": {kind: plan.Inner},
	"leftouter": {kind: plan.LeftOuter}, "rightouter": {kind: plan.RightOuter}, "fullouter": {kind: plan.FullOuter},
	"leftsemi": {kind: plan.LeftSemi}, "rightsemi": {kind: plan.LeftSemi, turned: true},
	"anti": {kind: plan.LeftAnti}, "leftanti": {kind: plan.LeftAnti}, "leftantisemi": {kind: plan.LeftAnti},
	"rightanti": {kind: plan.LeftAnti, turned: true}, "rightantisemi": {kind: plan.LeftAnti, turned: true},
}

// join binds join and lookup.
func (b *binder) join(left *relation, op syntax.Join) *relation {
	right := b.table(op.Right)
	if right == nil {
		return nil
	}
	name := op.Params.Text("kind")
	k, ok := joinKinds[name]
	if op.Lookup {
		ok = name == "" || name == "leftouter" || name == "inner"
		k.unique = false
		if name != "inner" {
			k.kind = plan.LeftOuter
		}
	}
	if !ok {
		p, _ := op.Params.Get("kind")
		var names []string
		for n := range joinKinds {
			names = append(names, n)
		}
		b.report(p.Span, syntax.DidYouMean(name, names), "'%s' is not a kind of join", name)
		return nil
	}
	pairs := b.joinPairs(left, right, op.On)
	if k.unique {
		left, pairs = b.uniqueRows(left, pairs)
	}
	node := &plan.Join{Kind: k.kind, Left: left.node, Right: right.node, On: pairs}
	if k.turned {
		node.Left, node.Right = node.Right, node.Left
		for i, p := range pairs {
			node.On[i] = plan.Pair{Left: p.Right, Right: p.Left}
		}
	}
	return b.joined(node, left, right, op, k.turned)
}

// joined gives the result's columns: the left ones, then the right ones, those
// of the same name numbered. lookup leaves the right keys out.
func (b *binder) joined(node *plan.Join, left, right *relation, op syntax.Join, turned bool) *relation {
	if node.Kind == plan.LeftSemi || node.Kind == plan.LeftAnti {
		side := left
		if turned {
			side = right
		}
		out := *side
		out.node = node
		out.serialized = false
		if !out.ordinal {
			out.order = nil
		}
		return &out
	}
	items := left.all()
	for _, c := range right.cols {
		if op.Lookup && isRightKey(node.On, c) {
			continue
		}
		items = append(items, item{name: unique(c.Name, takenOutside(c, items, right.cols)), x: &plan.Ref{Col: c}})
	}
	out := &relation{node: node, part: left.part}
	return b.project(out, items)
}

// takenOutside tells names that items have or that other columns will have: a
// number behind a name must not make it that of a later column.
func takenOutside(c *plan.Column, items []item, cols []*plan.Column) func(string) bool {
	taken := takenBy(items)
	return func(name string) bool {
		return taken(name) || slices.ContainsFunc(cols, func(o *plan.Column) bool { return o != c && o.Name == name })
	}
}

func isRightKey(pairs []plan.Pair, c *plan.Column) bool {
	for _, p := range pairs {
		if ref, ok := p.Right.(*plan.Ref); ok && ref.Col == c {
			return true
		}
	}
	return false
}

// uniqueRows keeps one row of the left side for each combination of keys.
func (b *binder) uniqueRows(left *relation, pairs []plan.Pair) (*relation, []plan.Pair) {
	var keys []*plan.Column
	for i := range pairs {
		var col *plan.Column
		col, left = b.hidden(left, pairs[i].Left)
		pairs[i].Left = &plan.Ref{Col: col}
		keys = append(keys, col)
	}
	out := *left
	one := &plan.Limit{In: left.node, N: 1, Order: left.order, Partition: keys}
	out.node, b.uniques[one] = one, left.cols
	return &out, pairs
}

// joinPairs binds what must be equal.
func (b *binder) joinPairs(left, right *relation, on []syntax.Expr) []plan.Pair {
	var out []plan.Pair
	for _, x := range on {
		out = append(out, b.joinPair(left, right, x)...)
	}
	return out
}

func (b *binder) joinPair(left, right *relation, x syntax.Expr) []plan.Pair {
	switch x := x.(type) {
	case syntax.Paren:
		return b.joinPair(left, right, x.X)
	case syntax.Name:
		l, r := left.find(x.Text), right.find(x.Text)
		switch {
		case l == nil && r == nil:
			b.unknownColumn(x, over(left))
		case l == nil || r == nil:
			side := "left"
			if r == nil {
				side = "right"
			}
			b.report(x.Span, "write $left.a == $right.b for columns of different names", "the %s side has no column '%s'", side, x.Text)
		default:
			return b.pair(x.Span, &plan.Ref{Col: l}, &plan.Ref{Col: r})
		}
		return nil
	case syntax.Binary:
		switch x.Op {
		case "and":
			return append(b.joinPair(left, right, x.X), b.joinPair(left, right, x.Y)...)
		case "==":
			if pairs, ok := b.equality(left, right, x); ok {
				return pairs
			}
		}
	}
	b.report(x.Pos(), "write a column's name, or $left.a == $right.b", "a join compares columns for equality only")
	return nil
}

// equality binds $left.a == $right.b in either order.
func (b *binder) equality(left, right *relation, x syntax.Binary) ([]plan.Pair, bool) {
	ls, rs := sideOf(x.X), sideOf(x.Y)
	e := &env{left: left, right: right}
	l, r := x.X, x.Y
	switch {
	case ls == "$left" && rs == "$right":
	case ls == "$right" && rs == "$left":
		l, r = x.Y, x.X
	default:
		return nil, false
	}
	return b.pair(x.Span, b.expr(l, e), b.expr(r, e)), true
}

// sideOf is the side of a join that an expression begins with.
func sideOf(x syntax.Expr) string {
	switch x := x.(type) {
	case syntax.Paren:
		return sideOf(x.X)
	case syntax.Path:
		if n, ok := x.X.(syntax.Name); ok && (n.Text == "$left" || n.Text == "$right") {
			return n.Text
		}
		return sideOf(x.X)
	case syntax.Index:
		return sideOf(x.X)
	case syntax.Call:
		for _, a := range x.Args {
			if s := sideOf(a); s != "" {
				return s
			}
		}
	}
	return ""
}

// pair checks that both sides can be compared, and compares in the wider type.
func (b *binder) pair(at syntax.Span, l, r plan.Expr) []plan.Pair {
	lt, rt := l.Type(), r.Type()
	want := lt
	switch {
	case lt == rt || lt == value.Unknown || rt == value.Unknown:
	case lt.IsNumber() && rt.IsNumber():
		want = value.Wider(lt, rt)
	case lt == value.DynamicType || rt == value.DynamicType:
		want = value.StringType
	default:
		b.report(at, "convert one of them first", "a %s cannot be joined with a %s", lt, rt)
		return nil
	}
	if want == value.DynamicType {
		want = value.StringType
	}
	return []plan.Pair{{Left: b.cast(l, want), Right: b.cast(r, want)}}
}
