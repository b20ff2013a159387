package bind

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// now is the time at which the query began, plus an offset.
func (b *binder) now(c syntax.Call, e *env) plan.Expr {
	now := &plan.Lit{T: value.DatetimeType, Value: b.opts.Now}
	if len(c.Args) == 0 {
		return now
	}
	return b.offset(c, funcs.Must("+"), now, e)
}

// ago is the time at which the query began, minus a timespan.
func (b *binder) ago(c syntax.Call, e *env) plan.Expr {
	return b.offset(c, funcs.Must("-"), &plan.Lit{T: value.DatetimeType, Value: b.opts.Now}, e)
}

func (b *binder) offset(c syntax.Call, op *funcs.Func, now plan.Expr, e *env) plan.Expr {
	if fn := funcs.Must(c.Fn.Text); !b.checkArity(c, fn) {
		return &plan.Lit{T: value.DatetimeType}
	}
	span := b.expr(c.Args[0], e)
	if t := span.Type(); t != value.TimespanType && t != value.Unknown {
		b.report(c.Args[0].Pos(), "write 5m, 1h, 7d", "'%s' needs a timespan, not %s", c.Fn.Text, t)
		return &plan.Lit{T: value.DatetimeType}
	}
	return b.apply(c.Span, op, []plan.Expr{now, span})
}

// columnIfExists is the column of that name, or else the second argument.
func (b *binder) columnIfExists(c syntax.Call, e *env) plan.Expr {
	if len(c.Args) != 2 {
		b.report(c.Span, "column_ifexists(name, default)", "'%s' needs 2 arguments, it has %d", c.Fn.Text, len(c.Args))
		return unknown
	}
	other := b.expr(c.Args[1], e)
	if lit, ok := b.constant(c.Args[0], e); ok {
		if name, ok := lit.Value.(string); ok {
			if col := e.find(name); col != nil {
				return &plan.Ref{Col: col}
			}
		}
	}
	return other
}

// isColumn tells whether there is a column of that name.
func (b *binder) isColumn(c syntax.Call, e *env) plan.Expr {
	out := &plan.Lit{T: value.BoolType, Value: false}
	if len(c.Args) != 1 {
		b.report(c.Span, "iscolumnexists(name)", "'%s' needs 1 argument, it has %d", c.Fn.Text, len(c.Args))
		return out
	}
	if lit, ok := b.constant(c.Args[0], e); ok {
		out.Value = e != nil && e.find(value.Text(lit.Value)) != nil
	}
	return out
}

// datetimeDiff is a long, but counts weeks as a real, which only the period's
// name tells.
func (b *binder) datetimeDiff(c syntax.Call, e *env) plan.Expr {
	out := b.tableFunction(c, e)
	if len(c.Args) == 0 {
		return out
	}
	if lit, ok := c.Args[0].(syntax.Literal); ok && strings.EqualFold(value.Text(lit.Value), "week") {
		return b.cast(out, value.RealType)
	}
	return out
}

// packAll makes a bag of all columns.
func (b *binder) packAll(c syntax.Call, e *env) plan.Expr {
	if e == nil || e.row == nil {
		return &plan.Lit{T: value.DynamicType, Value: value.NewBag()}
	}
	skip := false
	if len(c.Args) > 0 {
		if lit, ok := b.constant(c.Args[0], e); ok {
			skip = lit.Value == true
		}
	}
	return b.pack(e.row.cols, skip)
}

// packColumns makes a bag of the columns that are named.
func (b *binder) packColumns(c syntax.Call, e *env) plan.Expr {
	var cols []*plan.Column
	for _, a := range c.Args {
		if ref, ok := b.expr(a, e).(*plan.Ref); ok {
			cols = append(cols, ref.Col)
		} else {
			b.report(a.Pos(), "", "a column is expected here")
		}
	}
	return b.pack(cols, false)
}

func (b *binder) pack(cols []*plan.Column, skipEmpty bool) plan.Expr {
	var args []plan.Expr
	for _, c := range cols {
		args = append(args, &plan.Lit{T: value.StringType, Value: c.Name}, &plan.Ref{Col: c})
	}
	fn := funcs.Must("bag_pack")
	if skipEmpty {
		fn = funcs.Must("bag_pack_nonempty")
	}
	return b.fold(&plan.Call{Fn: fn, Args: args, T: value.DynamicType})
}

// packArray makes an array of its arguments, or of all columns for *.
func (b *binder) packArray(c syntax.Call, e *env) plan.Expr {
	var args []plan.Expr
	for _, a := range c.Args {
		if _, star := a.(syntax.Star); star && e != nil && e.row != nil {
			for _, col := range e.row.cols {
				args = append(args, &plan.Ref{Col: col})
			}
			continue
		}
		args = append(args, b.expr(a, e))
	}
	return b.apply(c.Span, funcs.Must("pack_array"), args)
}

// binAuto rounds to the bins that options of the query describe.
func (b *binder) binAuto(c syntax.Call, e *env) plan.Expr {
	if !b.checkArity(c, funcs.Must("bin_auto")) {
		return unknown
	}
	x := b.expr(c.Args[0], e)
	size, ok := b.set["query_bin_auto_size"]
	if !ok {
		b.report(c.Span, "write set query_bin_auto_size = 1h; before the query", "'bin_auto' needs the option query_bin_auto_size")
		return &plan.Lit{T: x.Type()}
	}
	if at, ok := b.set["query_bin_auto_at"]; ok {
		return b.apply(c.Span, funcs.Must("bin_at"), []plan.Expr{x, option(size), option(at)})
	}
	return b.apply(c.Span, funcs.Must("bin"), []plan.Expr{x, option(size)})
}

// option is the number or time that an option of the query is set to.
func option(v any) plan.Expr {
	t := value.Unknown
	switch v.(type) {
	case int64:
		t = value.LongType
	case float64:
		t = value.RealType
	case value.Timespan:
		t = value.TimespanType
	case value.Datetime:
		t = value.DatetimeType
	}
	return &plan.Lit{T: t, Value: v}
}

// columnNamesOf lists the columns of a table, which is not read.
func (b *binder) columnNamesOf(c syntax.Call, _ *env) plan.Expr {
	if len(c.Args) != 1 || !b.isTabular(c.Args[0], nil) {
		b.report(c.Span, "column_names_of(table)", "'column_names_of' needs a table")
		return &plan.Lit{T: value.DynamicType}
	}
	out := &plan.Lit{T: value.DynamicType}
	if r := b.table(c.Args[0]); r != nil {
		names := value.Array{}
		for _, col := range r.cols {
			names = append(names, col.Name)
		}
		out.Value = names
	}
	return out
}

// ingestionTime is null: rows do not carry when they came.
func (b *binder) ingestionTime(syntax.Call, *env) plan.Expr {
	return &plan.Lit{T: value.DatetimeType}
}

// toscalar runs a table and is its first value. Where nothing is run, it is a
// value of the right type that is not known.
func (b *binder) toscalar(c syntax.Call, e *env) plan.Expr {
	if len(c.Args) != 1 {
		b.report(c.Span, "", "'toscalar' needs 1 argument, it has %d", len(c.Args))
		return unknown
	}
	if !b.isTabular(c.Args[0], nil) {
		return b.once(c.Span, b.expr(c.Args[0], e))
	}
	r := b.table(c.Args[0])
	if r == nil || len(r.cols) == 0 {
		return unknown
	}
	first := r.cols[0]
	if b.opts.Runner == nil || b.failed() {
		return &plan.Lit{T: first.Type}
	}
	limited := &plan.Limit{In: r.node, N: 1, Order: r.order}
	rows, err := b.opts.Runner.Rows(b.ctx, &plan.Query{Node: limited, Cols: []*plan.Column{first}, Order: r.order})
	if err != nil {
		b.stop(fmt.Errorf("toscalar: %w", err))
		return unknown
	}
	lit := &plan.Lit{T: first.Type}
	if len(rows) > 0 {
		lit.Value = rows[0][0]
	} else if first.Type == value.StringType {
		lit.Value = ""
	}
	return lit
}

// once computes an expression that needs no row, so that what it has of chance
// is the same wherever it is read.
func (b *binder) once(at syntax.Span, x plan.Expr) plan.Expr {
	key := fmt.Sprint(at)
	plan.Walk(x, func(e plan.Expr) {
		switch e := e.(type) {
		case *plan.Call:
			key += " " + e.Fn.Name
		case *plan.Lit:
			key += " " + value.JSON(e.Value)
		}
	})
	if lit, ok := b.scalars[key]; ok {
		return lit
	}
	lit, ok := b.compute(x)
	if !ok {
		return x
	}
	if b.scalars == nil {
		b.scalars = map[string]*plan.Lit{}
	}
	b.scalars[key] = lit
	return lit
}

// compute is fold for functions of chance as well.
func (b *binder) compute(x plan.Expr) (*plan.Lit, bool) {
	c, isCall := x.(*plan.Call)
	if !isCall {
		lit, ok := x.(*plan.Lit)
		return lit, ok
	}
	if c.Fn.Eval == nil {
		return nil, false
	}
	call := &funcs.Call{Out: c.T}
	for _, a := range c.Args {
		lit, ok := b.compute(a)
		if !ok {
			return nil, false
		}
		call.Args, call.Types = append(call.Args, lit.Value), append(call.Types, lit.T)
	}
	return b.run(c.Fn, call), true
}
