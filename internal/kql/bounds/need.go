package bounds

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/plan"
)

// need is a condition that all needed rows of a node fulfil: all, some, within or
// oneOf.
type need interface {
	// carried is the condition by other columns. What is about a column that
	// has no such other is left out.
	carried(to func(*plan.Column) *plan.Column) need
	// span is that of a column.
	span(c *plan.Column) Span
	// where is the condition by the columns of a table; nil for none. What is
	// about times is left out.
	where(name func(*plan.Column) (string, bool)) catalog.Condition
}

type (
	// all are needs every one of which is fulfilled.
	all []need
	// some are needs at least one of which is fulfilled.
	some []need
	// within is a column that has a moment of a span; null is in none.
	within struct {
		col *plan.Column
		in  Span
	}
	// oneOf is a column that has one of some values, none of which is null.
	oneOf struct {
		col    *plan.Column
		values []any
	}
)

// everything is the need of all rows.
var everything need = all(nil)

func isEverything(n need) bool {
	a, ok := n.(all)
	return ok && len(a) == 0
}

// and is that both are fulfilled.
func and(x, y need) need {
	var out all
	for _, n := range []need{x, y} {
		if a, ok := n.(all); ok {
			out = append(out, a...)
			continue
		}
		out = append(out, n)
	}
	return out
}

// or is that one or the other is fulfilled.
func or(x, y need) need {
	if isEverything(x) || isEverything(y) {
		return everything
	}
	return some{x, y}
}

func (a all) carried(to func(*plan.Column) *plan.Column) need {
	out := everything
	for _, n := range a {
		out = and(out, n.carried(to))
	}
	return out
}

func (s some) carried(to func(*plan.Column) *plan.Column) need {
	var out some
	for _, n := range s {
		c := n.carried(to)
		if isEverything(c) {
			return everything
		}
		out = append(out, c)
	}
	return out
}

func (w within) carried(to func(*plan.Column) *plan.Column) need {
	if c := to(w.col); c != nil {
		return within{c, w.in}
	}
	return everything
}

func (o oneOf) carried(to func(*plan.Column) *plan.Column) need {
	if c := to(o.col); c != nil {
		return oneOf{c, o.values}
	}
	return everything
}

func (a all) span(c *plan.Column) Span {
	out := Always
	for _, n := range a {
		out = out.And(n.span(c))
	}
	return out
}

func (s some) span(c *plan.Column) Span {
	out := never
	for _, n := range s {
		out = out.hull(n.span(c))
	}
	return out
}

func (w within) span(c *plan.Column) Span {
	if c == w.col {
		return w.in
	}
	return Always
}

func (oneOf) span(*plan.Column) Span { return Always }

func (a all) where(name func(*plan.Column) (string, bool)) catalog.Condition {
	var out catalog.All
	for _, n := range a {
		if w := n.where(name); w != nil {
			out = append(out, w)
		}
	}
	if out == nil {
		return nil
	}
	return out
}

func (s some) where(name func(*plan.Column) (string, bool)) catalog.Condition {
	var out catalog.Any
	for _, n := range s {
		w := n.where(name)
		if w == nil {
			return nil
		}
		out = append(out, w)
	}
	return out
}

func (within) where(func(*plan.Column) (string, bool)) catalog.Condition { return nil }

func (o oneOf) where(name func(*plan.Column) (string, bool)) catalog.Condition {
	column, ok := name(o.col)
	if !ok {
		return nil
	}
	return catalog.OneOf{Column: column, Values: slices.Clone(o.values)}
}
