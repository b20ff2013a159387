package metrics

// Spool is what waits for a workspace.
type Spool struct {
	Segments uint64 // closed, since the spool began
	Waiting  int    // files
	Bytes    int64  // of them
	Bound    int64
	Lost     map[string]uint64 // rows, by place
	Failing  bool
}

// spoolFamilies follow rows from the reader to a workspace. They are absent
// where no diagnostic setting sends rows to one.
var spoolFamilies = []family{
	{
		name: "sekisho_segments_closed_total", kind: counter,
		help: "Segments that were closed for a workspace, of all tables. Absent, as the next ones, where no diagnostic setting sends rows to one.",
		read: func(s *sample, put put) { ifSpool(s, func(sp *Spool) { put(float64(sp.Segments)) }) },
	},
	{
		name: "sekisho_spool_files", kind: gauge,
		help: "Segments that wait in the spool until a workspace takes them.",
		read: func(s *sample, put put) { ifSpool(s, func(sp *Spool) { put(float64(sp.Waiting)) }) },
	},
	{
		name: "sekisho_spool_bytes", kind: gauge,
		help: "Bytes of the segments that wait. What rises towards sekisho_spool_limit_bytes is not taken: no workspace runs, or it cannot reach the folder.",
		read: func(s *sample, put put) { ifSpool(s, func(sp *Spool) { put(float64(sp.Bytes)) }) },
	},
	{
		name: "sekisho_spool_limit_bytes", kind: gauge,
		help: "Bytes beyond which the oldest segments are given up (logs.spool.bytes).",
		read: func(s *sample, put put) { ifSpool(s, func(sp *Spool) { put(float64(sp.Bound)) }) },
	},
	{
		name: "sekisho_segment_rows_lost_total", kind: counter, labels: []string{"place"},
		help: "Rows that no workspace will get, over restarts. Place segment: no segment could be written, and there was no room for more in memory. Place spool: nobody took them, and the spool was full. CaptureLoss has them too.",
		read: func(s *sample, put put) {
			ifSpool(s, func(sp *Spool) {
				for _, place := range []string{"segment", "spool"} {
					put(float64(sp.Lost[place]), place)
				}
			})
		},
	},
	{
		name: "sekisho_segments_failing", kind: gauge,
		help: "1 while segments cannot be written: a full disk, for example. Packets are decided and recorded all the same; it is tried once a second.",
		read: func(s *sample, put put) { ifSpool(s, func(sp *Spool) { put(oneIf(sp.Failing)) }) },
	},
}

func ifSpool(s *sample, do func(*Spool)) {
	if s.Spool != nil {
		do(s.Spool)
	}
}
