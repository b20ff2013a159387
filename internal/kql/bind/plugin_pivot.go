package bind

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	plugins["pivot"] = pivot
	plugins["narrow"] = narrow
}

// pivot makes a column of each value of a column, with an aggregate over the
// rows that have it. The other columns, or those that are named, are the keys.
func pivot(b *binder, r *relation, op syntax.Evaluate) *relation {
	args := pluginArgs(op.Call)
	col := b.pluginColumn(r, args, 0, "pivotColumn", value.Unknown)
	if col == nil {
		return nil
	}
	call := syntax.Call{Span: op.Span, Fn: syntax.Name{Span: op.Span, Text: "count"}}
	if len(args.positional) > 1 {
		given, ok := args.positional[1].(syntax.Call)
		if !ok {
			b.report(args.positional[1].Pos(), "", "an aggregate is expected here")
			return nil
		}
		call = given
	}
	values, ok := b.rows(op.Span, b.group(r, []item{{name: col.Name, x: &plan.Ref{Col: col}}}, nil), nil)
	if !ok {
		return nil
	}
	var aggs []item
	for _, v := range values {
		aggs = append(aggs, b.pivotColumn(r, col, call, v[0]))
	}
	slices.SortFunc(aggs, func(x, y item) int { return strings.Compare(x.name, y.name) })
	return b.group(r, b.pivotKeys(r, col, call, args), aggs)
}

// pivotColumn is the aggregate over the rows in which the column is v.
func (b *binder) pivotColumn(r *relation, col *plan.Column, call syntax.Call, v any) item {
	e := over(r)
	e.aggs = &aggregation{in: r}
	x := b.call(call, e)
	if agg, ok := x.(*plan.Agg); ok {
		match := b.apply(call.Span, funcs.Must("=="), []plan.Expr{&plan.Ref{Col: col}, &plan.Lit{T: col.Type, Value: v}})
		if agg.Filter != nil {
			match = b.apply(call.Span, funcs.Must("and"), []plan.Expr{agg.Filter, match})
		}
		agg.Filter = match
	}
	return item{name: value.Text(v), x: x}
}

// pivotKeys are the columns that are named, or all that are not used otherwise.
func (b *binder) pivotKeys(r *relation, col *plan.Column, call syntax.Call, args pluginCall) []item {
	var keys []item
	if len(args.positional) > 2 {
		for i := range args.positional[2:] {
			if c := b.pluginColumn(r, args, i+2, "", value.Unknown); c != nil {
				keys = append(keys, item{name: c.Name, x: &plan.Ref{Col: c}})
			}
		}
		return keys
	}
	used := map[string]bool{col.Name: true}
	for _, a := range call.Args {
		if n, ok := a.(syntax.Name); ok {
			used[n.Text] = true
		}
	}
	for _, it := range r.all() {
		if !used[it.name] {
			keys = append(keys, it)
		}
	}
	return keys
}

// narrow makes a row of each value: the row's number, the column, the value.
func narrow(b *binder, r *relation, _ syntax.Evaluate) *relation {
	r = b.numbered(r)
	row := r.order[0].Col
	var tables []*relation
	for _, c := range r.cols {
		tables = append(tables, b.project(r, []item{
			{name: "Row", x: &plan.Ref{Col: row}},
			{name: "Column", x: &plan.Lit{T: value.StringType, Value: c.Name}},
			{name: "Value", x: b.cast(&plan.Ref{Col: c}, value.StringType)}}))
	}
	if len(tables) == 0 {
		return r
	}
	return b.concatenate(tables, false, "", "")
}
