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
	directionColumn  = "Direction"
)

// serverColumn is where a row has the server's address, by the packet's direction.
var serverColumn = map[string]string{"original": "DestinationIp", "reply": "SourceIp"}

// busyServer is how many connections a server has that has a place of its own in
// the order. Fewer would cost more in their times, which are further apart, than
// they save in what they have in common.
const busyServer = 64

// sorter orders the rows of a batch, in memory that it uses again.
type sorter struct {
	keys  []sortKey
	order []int32
}

// sortKey is a row and what it is sorted by.
type sortKey struct {
	by  int64
	row int32
}

// sort gives the rows in the order in which they take the least room: all SYNs,
// then all SYN-ACKs in the order of their connections' SYNs, and so on. What a
// connection's packets have in common then comes in the same order again and
// again, which compression finds; and times and counters rise. Within each flag,
// connections of a busy server come together, each server's in the order of time;
// and then all others. Rows without a flag or a connection come in the order of
// time.
func (s *sorter) sort(b *batch) []int32 {
	at := b.column(timeColumn)
	s.sortBy(b.rows, func(row int) int64 { n, _ := at.value(row); return n })
	flags, connections := b.number(flagColumn, s.order), b.number(connectionColumn, s.order)
	servers := b.busyServers(s.order, connections)
	s.sortBy(b.rows, func(row int) int64 {
		return flags[row]<<56 | servers[connections[row]]<<32 | connections[row]
	})
	return s.order
}

// sortBy sorts all rows by a number, and by their numbers where that is the same.
func (s *sorter) sortBy(rows int, by func(row int) int64) {
	s.keys, s.order = s.keys[:0], s.order[:0]
	for i := range rows {
		s.keys = append(s.keys, sortKey{by(i), int32(i)})
	}
	slices.SortFunc(s.keys, func(a, b sortKey) int { return cmp.Or(cmp.Compare(a.by, b.by), cmp.Compare(a.row, b.row)) })
	for _, k := range s.keys {
		s.order = append(s.order, k.row)
	}
}

// number gives each row the number of its text in that column, from 1, by when a
// text comes first in that order; each absent one counts as a text of its own. In
// a table without the column all have the number 0.
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
