package metrics

// stateFamilies say what is in force and what the host gives.
var stateFamilies = []family{
	{
		name: "sekisho_connections_known", kind: gauge,
		help: "Connections whose id is remembered, so that packets after the handshake get it too. Those unused for longest are forgotten when there are too many.",
		read: func(s *sample, put put) { put(float64(s.Connections)) },
	},
	{
		name: "sekisho_conntrack_entries", kind: gauge,
		help: "Connections that the kernel tracks in the firewall's network namespace (sysctl net.netfilter.nf_conntrack_count).",
		read: func(s *sample, put put) {
			if s.Conntrack != nil {
				put(float64(s.Conntrack.Entries))
			}
		},
	},
	{
		name: "sekisho_conntrack_entries_limit", kind: gauge,
		help: "Number of tracked connections at which the kernel drops the packets of new ones, before the firewall sees them (sysctl net.netfilter.nf_conntrack_max).",
		read: func(s *sample, put put) {
			if s.Conntrack != nil {
				put(float64(s.Conntrack.Max))
			}
		},
	},
	{
		name: "sekisho_bpf_run_seconds_total", kind: counter, labels: []string{"program"},
		help: "Time that the recorder's BPF programs ran. Absent until the kernel has counted a run: its statistics are off on most hosts (sysctl kernel.bpf_stats_enabled), as keeping them costs each run some 65 ns, which are in this time too.",
		read: func(s *sample, put put) {
			for _, p := range s.Programs {
				put(p.Time.Seconds(), p.Name)
			}
		},
	},
	{
		name: "sekisho_bpf_runs_total", kind: counter, labels: []string{"program"},
		help: "Runs of the recorder's BPF programs that the kernel counted: one for each packet forwarded meanwhile. Absent like sekisho_bpf_run_seconds_total.",
		read: func(s *sample, put put) {
			for _, p := range s.Programs {
				put(float64(p.Runs), p.Name)
			}
		},
	},
	{
		name: "sekisho_policy_info", kind: gauge, labels: []string{"policy", "revision"},
		help: "The policy in force, always 1. Policies that decide and log alike have the same revision: of firewalls that are to be alike, one with another revision stands out. This and the next two are absent under sekisho observe, which has no policy.",
		read: func(s *sample, put put) {
			if s.Policy != nil {
				put(1, s.Policy.Name, s.Policy.Revision)
			}
		},
	},
	{
		name: "sekisho_policy_rules", kind: gauge,
		help: "Rules of the policy in force.",
		read: func(s *sample, put put) {
			if s.Policy != nil {
				put(float64(s.Policy.Rules))
			}
		},
	},
	{
		name: "sekisho_policy_generation", kind: gauge,
		help: "Number by which connections' marks name the policy in force. Each change of policy takes the next, and after the last the first.",
		read: func(s *sample, put put) {
			if s.Policy != nil {
				put(float64(s.Policy.Generation))
			}
		},
	},
	{
		name: "sekisho_start_time_seconds", kind: gauge,
		help: "When this process of the firewall began, in seconds since 1970.",
		read: func(s *sample, put put) { put(float64(s.Started.UnixMilli()) / 1000) },
	},
	{
		name: "sekisho_build_info", kind: gauge, labels: []string{"version", "revision", "goversion"},
		help: "Which build this is, always 1: its version, the commit it was made from where that is known, and the version of Go.",
		read: func(s *sample, put put) { put(1, s.build.version, s.build.revision, s.build.goVersion) },
	},
}
