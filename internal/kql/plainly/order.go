package plainly

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// sorted returns the rows in the order of keys; those that the keys do not tell
// apart stay as they were.
func sorted(rows []row, keys []plan.Key) []row {
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b row) int { return orderRows(a, b, keys) })
	return out
}

func orderRows(a, b row, keys []plan.Key) int {
	for _, k := range keys {
		if c := orderValues(a[k.Col], b[k.Col], k); c != 0 {
			return c
		}
	}
	return 0
}

// orderValues puts null at the end that the key says, NaN next to it, and all
// others between.
func orderValues(a, b any, k plan.Key) int {
	if ra, rb := rank(a), rank(b); ra != rb {
		if k.NullsFirst {
			return ra - rb
		}
		return rb - ra
	}
	c, _ := compare(a, b)
	if k.Desc {
		return -c
	}
	return c
}

func rank(v any) int {
	switch f, isReal := v.(float64); {
	case v == nil:
		return 0
	case isReal && math.IsNaN(f):
		return 1
	}
	return 2
}

// identity is a text that two values share when they are the same: the same
// group, the same key of a join. Null is the same as null.
func identity(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case float64:
		if v == 0 {
			v = 0 // minus zero is the same
		}
		return fmt.Sprintf("number %g", v)
	case int64:
		return fmt.Sprintf("number %g", float64(v))
	case value.Decimal:
		return "decimal " + v.String()
	}
	return fmt.Sprintf("%T %s", v, value.JSON(v))
}

// partition is a text that the rows of one partition share.
func partition(r row, cols []*plan.Column) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = identity(r[c])
	}
	return strings.Join(parts, "\x00")
}
