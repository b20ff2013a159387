package segment

import (
	"math"
	"math/bits"
	"slices"
)

// arrange tries the order of connections of that grouping: their rows come by kind,
// and within a kind in that order.
func (s *sorter) arrange(connections []connection, by grouping) {
	s.ranks = s.ranks[:0]
	for n, c := range connections[1:] {
		if c.kinds == unusual {
			c = connection{kinds: unusual, server: noServer, cpu: c.cpu}
		}
		key := c.kinds<<36 | c.class<<32 | int64(n+1)
		if by.cpu {
			key |= min(c.cpu, 255) << 40
		}
		if by.server && c.class > 0 {
			key |= noServer << 48
		} else if by.server {
			key |= c.server << 48
		}
		s.ranks = append(s.ranks, key)
	}
	slices.Sort(s.ranks)
	turnEverySecond(s.ranks)
	s.tried = slices.Grow(s.tried[:0], len(s.byTime))[:len(s.byTime)]
	next := slices.Clone(s.kindStarts)
	for _, key := range s.ranks {
		n := key & math.MaxUint32
		for _, row := range s.rows(int(n)) {
			at := &next[s.kinds[row]]
			s.tried[*at] = row
			*at++
		}
	}
}

// turnEverySecond turns every second run of connections that come together around:
// the first of a run is then near the last of the one before it in time. A step
// over all the time that there is would cost all steps around it as many bits.
func turnEverySecond(ranks []int64) {
	for run, from := 0, 0; from < len(ranks); run++ {
		to := from + 1
		for to < len(ranks) && ranks[to]>>32 == ranks[from]>>32 {
			to++
		}
		if run%2 == 1 {
			slices.Reverse(ranks[from:to])
		}
		from = to
	}
}

// packedBits is about how many bits the numbers of a column take in that order, as
// 32 steps from one to the next have as many bits each as the greatest needs.
func (b *batch) packedBits(name string, order []int32) (size int) {
	c := b.column(name)
	if c == nil || c.isFlat() {
		return 0
	}
	before := c.nums[order[0]]
	for some := range slices.Chunk(order, 32) {
		least, greatest := int64(math.MaxInt64), int64(math.MinInt64)
		for _, row := range some {
			step := c.nums[row] - before
			before = c.nums[row]
			least, greatest = min(least, step), max(greatest, step)
		}
		size += len(some) * bits.Len64(uint64(greatest-least))
	}
	return size
}
