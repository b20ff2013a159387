package bind

import (
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	plugins["ipv4_lookup"] = func(b *binder, r *relation, op syntax.Evaluate) *relation {
		return ipLookup{b: b, networks: "ipv4_networks", network: "ipv4_network"}.bind(r, op)
	}
	plugins["ipv6_lookup"] = func(b *binder, r *relation, op syntax.Evaluate) *relation {
		return ipLookup{b: b, networks: "ipv6_networks", network: "ipv6_network", lookupFirst: true}.bind(r, op)
	}
}

// ipLookup joins rows with those of a table of networks that hold an address
// of theirs. Each different address is unrolled into all networks that could
// hold it, which are then looked for by equality: two joins by key, and none
// by comparing every row with every network.
type ipLookup struct {
	b *binder
	// networks and network are the functions that give an address's networks
	// and a network in the same form.
	networks, network string
	lookupFirst       bool
}

// lookupKeys are the columns by which both sides are matched: first the
// address and the network, then those that must be equal.
type lookupKeys struct{ source, lookup []*plan.Column }

func (l ipLookup) bind(r *relation, op syntax.Evaluate) *relation {
	args := pluginArgs(op.Call)
	x := args.at(0, "LookupTable")
	if x == nil {
		l.b.report(op.Span, l.b.usage(op), "'%s' needs a table", op.Call.Fn.Text)
		return nil
	}
	table := l.b.table(x)
	if table == nil {
		return nil
	}
	r, table = share(r, false), l.b.fresh(share(table, false))
	keys, outer, ok := l.keys(r, table, args)
	if !ok {
		return nil
	}
	return l.join(r, table, keys, outer)
}

func (b *binder) usage(op syntax.Evaluate) string {
	return "T | evaluate " + op.Call.Fn.Text + "(LookupTable, SourceKey, LookupKey, [return_unmatched])"
}

// keys binds the columns and the flag behind them.
func (l ipLookup) keys(r, table *relation, args pluginCall) (keys lookupKeys, outer, ok bool) {
	source := l.b.pluginColumn(r, args, 1, "SourceKey", value.StringType)
	lookup := l.b.pluginColumn(table, args, 2, "LookupKey", value.StringType)
	if source == nil || lookup == nil {
		return keys, false, false
	}
	keys.source, keys.lookup = []*plan.Column{source}, []*plan.Column{lookup}
	flag := args.named["return_unmatched"]
	for i := 3; i < len(args.positional); i++ {
		name, isName := args.positional[i].(syntax.Name)
		if !isName || r.find(name.Text) == nil {
			flag = args.positional[i]
			continue
		}
		same := table.find(name.Text)
		if same == nil {
			l.b.report(name.Span, syntax.DidYouMean(name.Text, table.names()), "the lookup table has no column '%s'", name.Text)
			return keys, false, false
		}
		keys.source, keys.lookup = append(keys.source, r.find(name.Text)), append(keys.lookup, same)
	}
	if flag != nil {
		lit, isConstant := l.b.constant(flag, nil)
		if !isConstant {
			return keys, false, false
		}
		outer = lit.Value == true
	}
	return keys, outer, true
}

// join joins the rows with the networks that their different keys match.
func (l ipLookup) join(r, table *relation, keys lookupKeys, outer bool) *relation {
	found, matched := l.matches(r, table, keys)
	node := &plan.Join{Kind: plan.Inner, Left: r.node, Right: found}
	if outer {
		node.Kind = plan.LeftOuter
	}
	for i, c := range keys.source {
		node.On = append(node.On, plan.Pair{Left: &plan.Ref{Col: c}, Right: &plan.Ref{Col: matched[i]}})
	}
	sides := [][]*plan.Column{r.cols, table.cols}
	if l.lookupFirst {
		sides[0], sides[1] = sides[1], sides[0]
	}
	var items []item
	for i, side := range sides {
		for _, c := range side {
			if isExtraKey(keys, c) {
				continue
			}
			taken := takenOutside(c, items, sides[1])
			if i == 0 {
				taken = takenBy(items)
			}
			items = append(items, item{name: unique(c.Name, taken), x: &plan.Ref{Col: c}})
		}
	}
	return l.b.project(&relation{node: node, part: r.part}, items)
}

// isExtraKey tells the lookup table's columns that repeat one of the rows.
func isExtraKey(keys lookupKeys, c *plan.Column) bool {
	for _, k := range keys.lookup[1:] {
		if k == c {
			return true
		}
	}
	return false
}

// matches gives the different keys of the rows with what they find in the
// lookup table.
func (l ipLookup) matches(r, table *relation, keys lookupKeys) (plan.Node, []*plan.Column) {
	group := &plan.Aggregate{In: r.node}
	var matched []*plan.Column
	for _, c := range keys.source {
		col := l.b.column(c.Name, c.Type)
		group.Keys = append(group.Keys, plan.Item{Col: col, X: &plan.Ref{Col: c}})
		matched = append(matched, col)
	}
	networks := l.b.apply(syntax.Span{}, funcs.Must(l.networks), []plan.Expr{&plan.Ref{Col: matched[0]}})
	list := l.b.column("", value.DynamicType)
	unrolled := &plan.Unnest{In: group, Keep: matched, Items: []plan.Item{{Col: list, X: networks}}}
	key := l.b.column("", value.StringType)
	left := &plan.Project{In: unrolled, Items: []plan.Item{{Col: key, X: l.b.cast(&plan.Ref{Col: list}, value.StringType)}}}
	for _, c := range matched {
		left.Items = append(left.Items, plan.Item{Col: c, X: &plan.Ref{Col: c}})
	}
	network, right := l.b.hidden(table, l.b.apply(syntax.Span{}, funcs.Must(l.network), []plan.Expr{&plan.Ref{Col: keys.lookup[0]}}))
	join := &plan.Join{Kind: plan.Inner, Left: left, Right: right.node, On: []plan.Pair{{Left: &plan.Ref{Col: key}, Right: &plan.Ref{Col: network}}}}
	for i, c := range keys.lookup[1:] {
		join.On = append(join.On, plan.Pair{Left: &plan.Ref{Col: matched[i+1]}, Right: &plan.Ref{Col: c}})
	}
	return join, matched
}
