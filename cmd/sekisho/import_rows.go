package main

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// newestRows keeps the newest row of each connection.
type newestRows struct {
	rows   []flow.Connection
	places map[connectionName]int
	denied map[flow.Tuple]int // of the last denied one
}

// repeatTime is the longest time between two SYNs of one attempt (RFC 6298,
// section 5.5, with Linux's six repeats).
const repeatTime = 70 * time.Second

// connectionName names a connection among the rows of one firewall.
type connectionName struct {
	tuple flow.Tuple
	first int64
}

func (n *newestRows) tell(told *flow.Connection) {
	c := *told
	if n.places == nil {
		n.places, n.denied = map[connectionName]int{}, map[flow.Tuple]int{}
	}
	name := connectionName{c.Tuple, c.First.UnixNano()}
	if i, known := n.places[name]; known {
		n.rows[i] = c
		return
	}
	if c.Verdict.Outcome == flow.Denied && c.ID == "" {
		if i, before := n.denied[c.Tuple]; before && c.First.Sub(n.rows[i].Last) <= repeatTime {
			n.rows[i] = repeatedDenial(n.rows[i], c)
			return
		}
		n.denied[c.Tuple] = len(n.rows)
	}
	n.places[name] = len(n.rows)
	n.rows = append(n.rows, c)
}

// repeatedDenial is one attempt whose SYN was denied again and again. Without
// sequence numbers each of them is told as a connection.
func repeatedDenial(row, again flow.Connection) flow.Connection {
	row.SYNs, row.Denials, row.Events = row.SYNs+again.SYNs, row.Denials+again.Denials, row.Events+again.Events
	row.Last, row.Told = again.Last, again.Told
	if bits.OnesCount(uint(row.Denials)) == 1 {
		row.History += again.History // as all that repeats itself
	}
	return row
}

// inOrder sorts connections by when they began.
func inOrder(all []imported) []importedRow {
	var rows []importedRow
	for i := range all {
		for j := range all[i].connections {
			rows = append(rows, importedRow{&all[i], &all[i].connections[j]})
		}
	}
	slices.SortStableFunc(rows, func(x, y importedRow) int {
		return cmp.Or(x.c.First.Compare(y.c.First), cmp.Compare(x.c.Firewall, y.c.Firewall), x.c.Tuple.Source.Compare(y.c.Tuple.Source))
	})
	return rows
}

type importedRow struct {
	from *imported
	c    *flow.Connection
}
