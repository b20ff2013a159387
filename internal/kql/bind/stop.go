package bind

import (
	"context"

	"github.com/sekisho/sekisho/internal/kql/funcs"
)

// stop ends the binding for a reason that is no mistake of the query's text: too
// little memory, a file that cannot be read, a client that has gone.
func (b *binder) stop(err error) {
	if b.end == nil {
		b.end = err
	}
}

// stopped tells whether nothing more need be computed.
func (b *binder) stopped() bool {
	if b.end == nil && b.ctx.Err() != nil {
		b.end = context.Cause(b.ctx)
	}
	return b.end != nil
}

// budget is how many bytes the values have that are made in Go and kept.
type budget int

// add counts a value, and tells whether it has room.
func (m *budget) add(v any) bool {
	*m += budget(funcs.Size(v))
	return *m <= maxMade
}

// maxMade is how many bytes the constants of a query may have that functions
// make, and the rows that it computes in Go.
const maxMade = 4 * funcs.Room
