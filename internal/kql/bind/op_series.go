package bind

import (
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// makeSeries makes arrays of aggregates over a regular axis.
func (b *binder) makeSeries(r *relation, op syntax.MakeSeries) *relation {
	b.report(op.Span, "", "make-series is not supported yet")
	return nil
}
