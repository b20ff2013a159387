package segment

import (
	"math/bits"
	"time"
)

// connection is what decides on the place of a connection's rows.
type connection struct {
	cpu    int64 // that counted its first row's event
	server int64 // its number, if it is a busy one; or noServer
	kinds  int64 // which kinds of rows it has: a number, or unusual
	class  int64 // by how long it lasts: 0 for those that last no longer than most
}

// grouping is what connections that come together have in common.
type grouping struct{ server, cpu bool }

// Connections that last longer than most are put behind the others, each four
// times that long together: where they are among others, the times and counters
// of their last packets take the room of the greatest step for all.
const (
	usualTime = 2 * time.Second
	longest   = 15
)

// Connections that have rows of the same kinds come together, if they are at least
// one in so many, so that the others' come in the same order with each kind. All
// with an unusual set of kinds come in the order of time.
const (
	usualOften = 16
	unusual    = 15
)

// describe describes each connection, by its number; and gives how many bits it
// takes to say once of each what its server is.
func (s *sorter) describe(b *batch) (connections []connection, told int) {
	connections = make([]connection, len(s.starts)-1)
	at, cpu := b.column(timeColumn), b.column(cpuColumn)
	for n := range connections[1:] {
		rows, c := s.rows(n+1), &connections[n+1]
		first, _ := at.value(int(rows[0]))
		last, _ := at.value(int(rows[len(rows)-1]))
		c.class = lasting(last - first)
		if cpu != nil {
			c.cpu, _ = cpu.value(int(rows[0]))
		}
	}
	s.findKinds(connections)
	return connections, s.findServers(b, connections)
}

// rows are those of a connection, in the order of time.
func (s *sorter) rows(connection int) []int32 {
	return s.rowsOf[s.starts[connection]:s.starts[connection+1]]
}

// findKinds gives each connection the number of its set of kinds.
func (s *sorter) findKinds(connections []connection) {
	sets := make([]uint64, len(connections))
	often := map[uint64]int{}
	for n := range connections[1:] {
		for _, row := range s.rows(n + 1) {
			sets[n+1] |= 1 << (s.kinds[row] % 64)
		}
		often[sets[n+1]]++
	}
	numbers, next := map[uint64]int64{}, int64(0)
	for n, set := range sets {
		number, known := numbers[set]
		switch {
		case known:
		case next < unusual && often[set]*usualOften >= len(connections)-1:
			number = next
			next++
		default:
			number = unusual
		}
		numbers[set], connections[n].kinds = number, number
	}
}

// lasting is the class of connections that last so many microseconds.
func lasting(long int64) int64 {
	return min(int64(bits.Len64(uint64(long/usualTime.Microseconds()))+1)/2, longest)
}

// isFlat reports whether a column is not there, or has one value.
func (b *batch) isFlat(name string) bool {
	c := b.column(name)
	return c == nil || c.isFlat()
}
