package segment

import "math"

// noServer is behind all servers.
const noServer = 1<<15 - 1

// serverColumn is where a row has the server's address, by the packet's direction.
var serverColumn = map[string]string{"original": "DestinationIp", "reply": "SourceIp"}

// serverFollows are the columns in which a connection's rows have what follows from
// its server: one of the addresses, one of the ports, and the rule.
var serverFollows = []string{"SourceIp", "DestinationIp", "SourcePort", "DestinationPort",
	"RuleCollectionGroup", "RuleCollection", "Rule", "RuleNumber"}

// busyServer is how many connections a server has that has a place of its own in
// the order. Fewer would cost more in their times, which are further apart, than
// they save in what they have in common.
const busyServer = 64

// followingServer is how many columns are shorter where connections of a server
// come together.
func (b *batch) followingServer() (n int) {
	for _, name := range serverFollows {
		if !b.isFlat(name) {
			n++
		}
	}
	return n
}

// findServers gives each connection its server, if that has many, and noServer
// otherwise; and how many bits it takes to say all that once. Servers count from 1
// in the order of time.
func (s *sorter) findServers(b *batch, connections []connection) (told int) {
	direction := b.column(directionColumn)
	numbers := map[string]int64{}
	counts := []int{0}
	for n := range connections[1:] {
		c := &connections[n+1]
		c.server = noServer
		address, known := b.server(direction, int(s.rows(n + 1)[0]))
		if !known {
			continue
		}
		if _, again := numbers[string(address)]; !again {
			numbers[string(address)] = int64(len(counts))
			counts = append(counts, 0)
		}
		c.server = min(numbers[string(address)], noServer)
		counts[c.server]++
	}
	busy := make([]int, len(counts))
	for n := range connections[1:] {
		c := &connections[n+1]
		if c.server == noServer || counts[c.server] < busyServer {
			c.server = noServer
		} else if c.class == 0 && c.kinds != unusual {
			busy[c.server]++
		}
	}
	return bitsOf(busy, len(connections)-1)
}

// bitsOf is how many bits it takes to say of each of so many which of the counted
// ones it is, or none.
func bitsOf(counts []int, all int) int {
	size, rest := 0.0, all
	for _, n := range counts {
		if n > 0 {
			size += float64(n) * math.Log2(float64(all)/float64(n))
			rest -= n
		}
	}
	if rest > 0 {
		size += float64(rest) * math.Log2(float64(all)/float64(rest))
	}
	return int(size)
}

// server is the address of the server of a row's connection.
func (b *batch) server(direction *column, row int) (address []byte, known bool) {
	if direction == nil {
		return nil, false
	}
	n, there := direction.value(row)
	if !there {
		return nil, false
	}
	c := b.column(serverColumn[string(direction.dict.at(n))])
	if c == nil {
		return nil, false
	}
	if n, there = c.value(row); !there {
		return nil, false
	}
	return c.dict.at(n), true
}
