package segment

// noServer is behind all servers.
const noServer = 1<<20 - 1

// busyServers gives each connection, by its number, its server if that has many,
// and noServer otherwise. Servers count from 1 in the order of time.
func (b *batch) busyServers(order []int32, connections []int64) []int64 {
	servers := make([]int64, b.rows+1)
	direction := b.column(directionColumn)
	if direction == nil {
		return servers
	}
	addresses := map[string]int64{}
	var counts []int
	for _, row := range order {
		server := &servers[connections[row]]
		if *server != 0 {
			continue // an earlier row told
		}
		*server = noServer
		address, known := b.server(direction, int(row))
		if !known {
			continue
		}
		n := addresses[string(address)]
		if n == 0 {
			counts = append(counts, 0)
			n = int64(len(counts))
			addresses[string(address)] = n
		}
		counts[n-1]++
		*server = min(n, noServer)
	}
	for i, n := range servers {
		if n > 0 && n < noServer && counts[n-1] < busyServer {
			servers[i] = noServer
		}
	}
	return servers
}

// server is the address of the server of a row's connection.
func (b *batch) server(direction *column, row int) (address []byte, known bool) {
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
