package metrics

// rowFamilies follow rows from the reader to files and followers.
var rowFamilies = []family{
	{
		name: "sekisho_rows_written_total", kind: counter, labels: []string{"table"},
		help: "Rows written to the log, by table. Absent where the firewall's file has no logs.",
		read: func(s *sample, put put) {
			for _, t := range s.Tables {
				put(float64(t.Rows), t.Name)
			}
		},
	},
	{
		name: "sekisho_row_write_errors_total", kind: counter, labels: []string{"table"},
		help: "How often rows could not be written, by table: a full disk, for example. Packets are decided all the same, and the live stream still shows the rows. Absent where the firewall's file has no logs.",
		read: func(s *sample, put put) {
			for _, t := range s.Tables {
				put(float64(t.Errors), t.Name)
			}
		},
	},
	{
		name: "sekisho_stream_followers", kind: gauge,
		help: "Who follows the live stream now (sekisho trace).",
		read: func(s *sample, put put) { put(float64(s.Stream.Followers)) },
	},
	{
		name: "sekisho_stream_events_missed_total", kind: counter, labels: []string{"place"},
		help: "Events that a follower of the live stream was not sent because it was too slow, each follower's own. Place stream: they are missing there only, the logs have them.",
		read: func(s *sample, put put) { put(float64(s.Stream.Missed), "stream") },
	},
}
