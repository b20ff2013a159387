package bind

import (
	"context"
	"errors"
	"testing"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// TestCancelled binds constants for somebody who has gone: none is computed.
func TestCancelled(t *testing.T) {
	t.Parallel()
	tree, ds := syntax.Parse(`print a = strrep("a", 1000)`)
	if err := ds.Err(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the client has gone")
	cancel(gone)
	got, ds := Query(ctx, tree, Options{})
	if !errors.Is(got.Err, gone) || ds.Err() == nil {
		t.Errorf("error %v and mistakes %v, want %v", got.Err, ds, gone)
	}
	p, ok := got.Queries[0].Node.(*plan.Project)
	if !ok {
		t.Fatalf("the plan is %T", got.Queries[0].Node)
	}
	if lit, ok := p.Items[0].X.(*plan.Lit); !ok || lit.Value != nil {
		t.Errorf("a is %#v, computed for nobody", p.Items[0].X)
	}
}
