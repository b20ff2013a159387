package segment

import (
	"cmp"
	"slices"
)

// The columns that have a meaning here, by their names in all tables.
const (
	timeColumn       = "TimeGenerated"
	connectionColumn = "ConnectionId"
	flagColumn       = "Flag"
)

// order is the rows of a batch in the order in which they take the least room:
// all SYNs in the order of time, then all SYN-ACKs in the order of their
// connections' SYNs, and so on. What a connection's packets have in common then
// comes in the same order again and again, which compression finds; and times
// and counters rise within each flag. Rows without a flag or a connection come
// in the order of time.
func (b *batch) order(order []int32) []int32 {
	order = order[:0]
	for i := range b.rows {
		order = append(order, int32(i))
	}
	at := b.column(timeColumn)
	at.spread()
	slices.SortStableFunc(order, func(i, j int32) int { return cmp.Compare(at.nums[i], at.nums[j]) })
	groups := b.groups(order)
	slices.SortStableFunc(order, func(i, j int32) int { return cmp.Compare(groups[i], groups[j]) })
	return order
}

// groups gives each row the number by which it is sorted: its flag, and which
// connection of the batch it belongs to. Both count in the order of time.
func (b *batch) groups(order []int32) []int64 {
	groups := make([]int64, b.rows)
	connections := b.number(connectionColumn, order)
	flags := b.number(flagColumn, order)
	for i := range groups {
		groups[i] = flags[i]<<32 | connections[i]
	}
	return groups
}

// number gives each row the number of its text in that column, by when a text
// comes first in that order; each absent one counts as a text of its own.
func (b *batch) number(name string, order []int32) []int64 {
	numbers := make([]int64, b.rows)
	c := b.column(name)
	if c == nil {
		return numbers
	}
	seen := make([]int64, c.dict.len())
	next := int64(0)
	for _, i := range order {
		n, there := c.value(int(i))
		if !there {
			next++
			numbers[i] = next
			continue
		}
		if seen[n] == 0 {
			next++
			seen[n] = next
		}
		numbers[i] = seen[n]
	}
	return numbers
}
