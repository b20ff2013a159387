package bind

import (
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// scanSteps runs scan over the rows, in Go.
func (b *binder) scanSteps(r *relation, op syntax.ScanOp) *relation {
	b.report(op.Span, "", "scan is not supported yet")
	return nil
}

// session gives the beginning of the session of each row, computed in Go from
// the times in order.
func (b *binder) session(r *relation, w *plan.Window) (plan.Expr, *relation) {
	b.report(syntax.Span{}, "", "row_window_session is not supported yet")
	return &plan.Lit{T: value.DatetimeType}, r
}
