package segment

// The columns that have a meaning here, by their names in all tables.
const (
	timeColumn       = "TimeGenerated"
	connectionColumn = "ConnectionId"
	flagColumn       = "Flag"
	firewallColumn   = "Firewall"
	directionColumn  = "Direction"
	cpuColumn        = "EventCpu"
	numberColumn     = "EventNumber"
)

// order is the order in which rows are written.
type order struct {
	rows []int32 // nil for the batch's own
	// parts is where rows of another kind begin, if they are many.
	parts []int
}

// manyRows is how many rows of a kind make a part of an order.
const manyRows = 4096

// sorter orders the rows of a batch, in memory that it uses again.
type sorter struct {
	keys   []sortKey
	byTime []int32
	// kinds and connections have the numbers of each row's, from 1. Rows of a kind
	// have the same flag and are of the same firewall.
	kinds, firewalls, connections []int64
	// starts is where the rows of each connection begin in rowsOf, and those of
	// each kind in an order.
	starts, kindStarts []int32
	rowsOf             []int32
	ranks              []int64
	tried, best        []int32
}

// sortKey is a row and what it is sorted by.
type sortKey struct {
	by  int64
	row int32
}

// sort gives the rows in the order in which they take the least room: all SYNs,
// then all SYN-ACKs in the order of their connections' SYNs, and so on. What a
// connection's packets have in common then comes in the same order again and
// again, which compression finds; and times and counters rise. Each firewall has
// counters of its own, and so its rows of a flag come together.
//
// In which order connections come is tried out, because it is the traffic that
// decides: in the order of time, or those of a server together, and in both cases
// perhaps those together that began on the same processor. Rows without a flag or
// a connection come in the order of time.
func (s *sorter) sort(b *batch) order {
	s.sortByTime(b)
	s.connections = b.number(s.connections, connectionColumn, s.byTime, true)
	s.numberKinds(b)
	s.gatherRows()
	connections, told := s.describe(b)
	told *= b.followingServer()
	least := -1
	for _, by := range []grouping{{}, {cpu: true}, {server: true}, {server: true, cpu: true}} {
		if by.server && told == 0 || by.cpu && b.isFlat(cpuColumn) {
			continue
		}
		s.arrange(connections, by)
		size := b.packedBits(timeColumn, s.tried) + b.packedBits(numberColumn, s.tried)
		if !by.server {
			size += told
		}
		if least < 0 || size < least {
			least = size
			s.tried, s.best = s.best, s.tried
		}
	}
	return order{s.best, s.parts()}
}

// parts is where rows of another kind begin in each order.
func (s *sorter) parts() (parts []int) {
	for kind := 2; kind < len(s.kindStarts)-1; kind++ {
		if start := s.kindStarts[kind]; start-s.kindStarts[kind-1] >= manyRows {
			parts = append(parts, int(start))
		}
	}
	return parts
}
