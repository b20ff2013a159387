package store

import (
	"context"
	"time"
)

// Tend implements [Store].
func (e *Embedded) Tend(ctx context.Context, now time.Time, keep Retention) (Tended, error) {
	return Tended{}, nil
}
