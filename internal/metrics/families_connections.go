package metrics

import "github.com/sekisho/sekisho/internal/flow"

// Connections is what the tracker counts.
type Connections struct {
	// Open are those that have not ended.
	Open int
	// Outcomes counts connections by what became of them, each once.
	Outcomes map[flow.Outcome]uint64
	// Rows were told about them, Corrected is those that were not a
	// connection's first; Folded is connections that share a row with others.
	Rows, Corrected, Folded uint64
	// Evicted is connections whose memory was needed while they were open.
	Evicted uint64
	// Ends were heard of conntrack.
	Ends uint64
}

// connectionFamilies say what becomes of connections.
var connectionFamilies = []family{
	{
		name: "sekisho_connections_open", kind: gauge,
		help: "TCP connections that have not ended, half-open ones included, as far as they are known.",
		read: func(s *sample, put put) { put(float64(s.Connection.Open)) },
	},
	{
		name: "sekisho_connections_total", kind: counter, labels: []string{"outcome"},
		help: "TCP connections by what became of them at this firewall, each counted once: when it ended, or was forgotten. What they mean is in docs/reference/tables.md, table Connection.",
		read: func(s *sample, put put) {
			for _, o := range flow.Outcomes() {
				if o != flow.NotSeen { // what nobody saw is no connection here
					put(float64(s.Connection.Outcomes[o]), string(o))
				}
			}
		},
	},
	{
		name: "sekisho_connection_rows_total", kind: counter, labels: []string{"kind"},
		help: "Rows of the table Connection: first ones, and those that correct an earlier one (a connection that hung moved on; connection tracking told its bytes).",
		read: func(s *sample, put put) {
			put(float64(s.Connection.Rows-s.Connection.Corrected), "first")
			put(float64(s.Connection.Corrected), "correction")
		},
	},
	{
		name: "sekisho_connections_folded_total", kind: counter,
		help: "Connections that share one row with others, because there were too many with the same outcome from one client: a port scan, a flood.",
		read: func(s *sample, put put) { put(float64(s.Connection.Folded)) },
	},
	{
		name: "sekisho_connections_evicted_total", kind: counter,
		help: "Connections that were forgotten while they were open, because there were too many. They have a row that says so; what came of them later does not.",
		read: func(s *sample, put put) { put(float64(s.Connection.Evicted)) },
	},
	{
		name: "sekisho_conntrack_ends_total", kind: counter,
		help: "TCP connections that connection tracking forgot, as it told (capture.conntrackEnds); those that were closed or reset only with capture.accounting, or after losses.",
		read: func(s *sample, put put) { put(float64(s.Connection.Ends)) },
	},
}
