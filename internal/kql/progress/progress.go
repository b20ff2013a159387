// Package progress tells how much of a query is done while another goroutine, or
// another process, runs it. Who asks puts a [Progress] into the query's context;
// who runs the query says there what to look at.
package progress

import (
	"context"
	"sync"
)

// Progress tells how much of a query is done until its first row. Its zero value is
// ready.
type Progress struct {
	mu   sync.Mutex
	look func() (share float64, known bool) // nil while nothing runs
}

type key struct{}

// With has queries of a context tell a progress.
func With(ctx context.Context, p *Progress) context.Context {
	return context.WithValue(ctx, key{}, p)
}

// Of is the progress that queries of a context tell; nil where nobody asks.
func Of(ctx context.Context) *Progress {
	p, _ := ctx.Value(key{}).(*Progress)
	return p
}

// Done is the share of what runs that is done, from 0 to 1. It is not known where
// nothing runs, and for some queries.
func (p *Progress) Done() (share float64, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.look == nil {
		return 0, false
	}
	return p.look()
}

// Watch has Done look until stop is called; when that returns, nobody looks any more.
func (p *Progress) Watch(look func() (share float64, known bool)) (stop func()) {
	p.set(look)
	return func() { p.set(nil) }
}

func (p *Progress) set(look func() (share float64, known bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look = look
}
