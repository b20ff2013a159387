package segment

import (
	"math"
	"math/bits"
	"slices"
	"time"
)

// connection is what decides on the place of a connection's rows.
type connection struct {
	cpu    int64 // that counted its first row's event
	server int64 // its number, if it is a busy one; or noServer
	class  int64 // 0 for those that are as most
}

// grouping is what connections that come together have in common.
type grouping struct{ server, cpu bool }

// Connections that last longer than most are put behind the others, each four
// times that long together: where they are among others, the times and counters
// of their last packets take the room of the greatest step for all. So are those
// whose packets did not have the same flags: without them the others' come in the
// same order with each flag.
const (
	usualTime    = time.Second
	unusualFlags = 15
)

// describe describes each connection, by its number; and gives how many bits it
// takes to say once of each what its server is.
func (s *sorter) describe(b *batch) (connections []connection, told int) {
	connections = make([]connection, len(s.starts)-1)
	flags := make([]uint64, len(connections))
	often := map[uint64]int{}
	usual := uint64(0)
	at, cpu := b.column(timeColumn), b.column(cpuColumn)
	for n := 1; n < len(connections); n++ {
		rows := s.rowsOf[s.starts[n]:s.starts[n+1]]
		for _, row := range rows {
			flags[n] |= 1 << min(s.flags[row], 63)
		}
		if often[flags[n]]++; often[flags[n]] > often[usual] {
			usual = flags[n]
		}
		first, _ := at.value(int(rows[0]))
		last, _ := at.value(int(rows[len(rows)-1]))
		connections[n].class = lasting(last - first)
		if cpu != nil {
			connections[n].cpu, _ = cpu.value(int(rows[0]))
		}
	}
	for n, set := range flags {
		if set != usual {
			connections[n].class = unusualFlags
		}
	}
	return connections, s.findServers(b, connections)
}

// lasting is the class of connections that last so many microseconds.
func lasting(long int64) int64 {
	return min(int64(bits.Len64(uint64(long/usualTime.Microseconds()))+1)/2, unusualFlags-1)
}

// arrange tries the order of connections of that grouping: their rows come by flag,
// and within a flag in that order.
func (s *sorter) arrange(connections []connection, by grouping) {
	s.ranks = s.ranks[:0]
	for n, c := range connections[1:] {
		key := c.class<<32 | int64(n+1)
		if by.cpu {
			key |= min(c.cpu, 255) << 36
		}
		if by.server && c.class == 0 {
			key |= c.server << 44
		} else if by.server {
			key |= noServer << 44
		}
		s.ranks = append(s.ranks, key)
	}
	slices.Sort(s.ranks)
	turnEverySecond(s.ranks)
	s.tried = slices.Grow(s.tried[:0], len(s.byTime))[:len(s.byTime)]
	next := slices.Clone(s.flagStarts)
	for _, key := range s.ranks {
		n := key & math.MaxUint32
		for _, row := range s.rowsOf[s.starts[n]:s.starts[n+1]] {
			at := &next[s.flags[row]]
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

// isFlat reports whether a column is not there, or has one value.
func (b *batch) isFlat(name string) bool {
	c := b.column(name)
	return c == nil || c.isFlat()
}
