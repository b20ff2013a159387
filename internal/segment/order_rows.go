package segment

import (
	"cmp"
	"slices"
)

func (s *sorter) sortByTime(b *batch) {
	at := b.column(timeColumn)
	s.keys, s.byTime = s.keys[:0], s.byTime[:0]
	for i := range b.rows {
		n, _ := at.value(i)
		s.keys = append(s.keys, sortKey{n, int32(i)})
	}
	slices.SortFunc(s.keys, func(a, b sortKey) int { return cmp.Or(cmp.Compare(a.by, b.by), cmp.Compare(a.row, b.row)) })
	for _, k := range s.keys {
		s.byTime = append(s.byTime, k.row)
	}
}

// numberKinds gives each row the number of its kind.
func (s *sorter) numberKinds(b *batch) {
	s.kinds, s.firewalls = b.number(s.kinds, flagColumn, s.byTime, false), b.number(s.firewalls, firewallColumn, s.byTime, false)
	most := slices.Max(s.firewalls)
	for i, n := range s.firewalls {
		s.kinds[i] = (s.kinds[i]-1)*most + n
	}
}

// number gives each row the number of its text in that column, from 1, by when a
// text comes first in that order. Absent ones count as one text, or each as a text
// of its own. In a table without the column all have the number 1.
func (b *batch) number(numbers []int64, name string, order []int32, each bool) []int64 {
	numbers = slices.Grow(numbers[:0], b.rows)[:b.rows]
	c := b.column(name)
	if c == nil {
		return repeat(numbers[:0], 1, b.rows)
	}
	seen := make([]int64, c.dict.len()+1)
	next := int64(0)
	for _, i := range order {
		n, there := c.value(int(i))
		if !there {
			n = int64(c.dict.len())
		}
		if seen[n] == 0 || !there && each {
			next++
			seen[n] = next
		}
		numbers[i] = seen[n]
	}
	return numbers
}

// gatherRows fills the rows of each connection, in the order of time.
func (s *sorter) gatherRows() {
	s.starts = countStarts(s.starts, s.connections)
	s.kindStarts = countStarts(s.kindStarts, s.kinds)
	s.rowsOf = slices.Grow(s.rowsOf[:0], len(s.byTime))[:len(s.byTime)]
	next := slices.Clone(s.starts)
	for _, row := range s.byTime {
		at := &next[s.connections[row]]
		s.rowsOf[*at] = row
		*at++
	}
}

// countStarts is where those of each number begin, if they are put one after the
// other, and behind the last one where they end.
func countStarts(starts []int32, numbers []int64) []int32 {
	starts = repeat(starts[:0], 0, int(slices.Max(numbers))+2)
	for _, n := range numbers {
		starts[n+1]++
	}
	for i := range starts[1:] {
		starts[i+1] += starts[i]
	}
	return starts
}
