package catalog

import "github.com/sekisho/sekisho/internal/kql/value"

// Need is which rows of a table a query needs: no others change its answer.
type Need struct {
	// From and To bound [TimeColumn], both included.
	From, To value.Datetime
	// Where is what else is known of these rows; nil where that is nothing.
	Where Condition
}

// Condition is what rows fulfil, by the values of their columns: [All], [Any] or
// [OneOf]. A query may well ask for more: what a store does not understand, it
// takes for fulfilled.
type Condition interface{ condition() }

// All are conditions all of which are fulfilled; none is no condition.
type All []Condition

// Any are conditions one of which is fulfilled; of none, no row does that.
type Any []Condition

// OneOf says that a column has one of these values: strings, which may be empty,
// or int64.
type OneOf struct {
	Column string
	Values []any
}

func (All) condition()   {}
func (Any) condition()   {}
func (OneOf) condition() {}
