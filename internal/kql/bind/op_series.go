package bind

import (
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// makeSeries refuses make-series.
func (b *binder) makeSeries(_ *relation, op syntax.MakeSeries) *relation {
	b.report(op.Span, "", "the operator 'make-series' is not supported")
	return nil
}
