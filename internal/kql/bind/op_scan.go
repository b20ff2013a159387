package bind

import (
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// scanSteps refuses scan.
func (b *binder) scanSteps(_ *relation, op syntax.ScanOp) *relation {
	b.report(op.Span, "", "the operator 'scan' is not supported")
	return nil
}
