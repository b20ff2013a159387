package duck

import (
	"context"
	"fmt"

	"github.com/sekisho/sekisho/internal/kql/bounds"
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/plan"
)

// resolve asks the tables that go by what is needed for the relations that hold what the
// plan can need.
func resolve(ctx context.Context, q *plan.Query) (map[*plan.Scan]string, error) {
	out := map[*plan.Scan]string{}
	for scan, need := range bounds.Scans(q, catalog.TimeColumn) {
		if scan.Table.Resolve == nil {
			continue
		}
		relation, err := scan.Table.Resolve(ctx, catalog.Need{From: need.From, To: need.To, Where: need.Where})
		if err != nil {
			return nil, fmt.Errorf("open table %s: %w", scan.Table.Name, err)
		}
		out[scan] = relation
	}
	return out, nil
}
