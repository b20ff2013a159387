package bind

import (
	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// seriesAxis binds on x from a to b step c. With "in range(a, b, c)" slots begin
// at multiples of the step and b counts as well.
func (b *binder) seriesAxis(r *relation, op syntax.MakeSeries) (axis, bool) {
	a := axis{name: nameOf(op.On), x: b.expr(unnamed(op.On), over(r)), closed: op.InRange}
	if a.name == "" {
		a.name = "Column1"
	}
	var ok bool
	if a.step, ok = b.constant(op.Step, nil); !ok {
		return a, false
	}
	t, ok := b.axisType(op, a.x.Type(), a.step.T)
	if !ok {
		return a, false
	}
	stepType := t
	if t == value.DatetimeType {
		stepType = value.TimespanType
	}
	a.x, a.step = b.cast(a.x, t), b.cast(a.step, stepType).(*plan.Lit)
	if c, ok := value.Compare(a.step.Value, zeroOf(stepType)); !ok || c <= 0 {
		b.report(op.Step.Pos(), "", "the step of a series must be above zero")
		return a, false
	}
	if a.from, ok = b.axisBound(op.From, t); !ok {
		return a, false
	}
	if a.to, ok = b.axisBound(op.To, t); !ok {
		return a, false
	}
	a.bound()
	return a, true
}

// axisType is the type in which the axis is counted.
func (b *binder) axisType(op syntax.MakeSeries, x, step value.Type) (value.Type, bool) {
	switch {
	case x == value.Unknown || step == value.Unknown:
		return x, false
	case x.IsNumber() && step.IsNumber():
		t := value.Wider(value.Wider(x, step), value.LongType)
		if t == value.DecimalType {
			t = value.RealType
		}
		return t, true
	case (x == value.DatetimeType || x == value.TimespanType) && step == value.TimespanType:
		return x, true
	}
	b.report(op.On.Pos(), "", "a series over a %s cannot have steps of %s", x, step)
	return x, false
}

func (b *binder) axisBound(x syntax.Expr, t value.Type) (*plan.Lit, bool) {
	if x == nil {
		return nil, true
	}
	lit, ok := b.constant(x, nil)
	if !ok {
		return nil, false
	}
	if lit.T != t && (!lit.T.IsNumber() || !t.IsNumber()) {
		b.report(x.Pos(), "", "the end of a series over a %s cannot be a %s", t, lit.T)
		return nil, false
	}
	return b.cast(lit, t).(*plan.Lit), true
}

// bound computes the origin, and the slots that the bounds fix.
func (a *axis) bound() {
	t := a.x.Type()
	a.origin = &plan.Lit{T: t, Value: zeroOf(t)}
	if a.from != nil && !a.closed {
		a.origin = a.from
	}
	if a.from != nil {
		a.first = a.slotOf(a.from)
	}
	if a.to == nil {
		return
	}
	a.last = a.slotOf(a.to)
	n, ok := a.last.Value.(int64)
	if !ok || a.closed {
		return
	}
	at, _ := funcs.Must("series_axis").Run(&funcs.Call{Args: []any{n, n, a.origin.Value, a.step.Value}, Out: value.DynamicType})
	if point, ok := at.(value.Array); ok && value.Equal(point[0], a.to.Value) {
		a.last.Value = n - 1
	}
}

func (a *axis) slotOf(point *plan.Lit) *plan.Lit {
	return &plan.Lit{T: value.LongType, Value: funcs.Slot(point.Value, a.origin.Value, a.step.Value)}
}

// zeroOf is the value of a type from which axes are counted.
func zeroOf(t value.Type) any {
	switch t {
	case value.RealType:
		return 0.0
	case value.DatetimeType:
		return value.Datetime(0)
	case value.TimespanType:
		return value.Timespan(0)
	}
	return int64(0)
}
