package metrics

import (
	"maps"
	"slices"

	"github.com/sekisho/sekisho/internal/flow"
)

// eventFamilies follow events from the kernel to the reader.
var eventFamilies = []family{
	{
		name: "sekisho_events_recorded_total", kind: counter, labels: []string{"flag"},
		help: "Events that the kernel's part put into its rings, by the event's flag; none is the first packet of a connection that is not TCP. Under sekisho run this goes on while no process runs, until sekisho run --remove; sekisho observe begins at 0.",
		read: func(s *sample, put put) {
			byFlag(s.Capture.Recorded, func(n uint64, flag string) { put(float64(n), flag) })
		},
	},
	{
		name: "sekisho_events_lost_total", kind: counter, labels: []string{"place", "flag"},
		help: "Events that were lost, by place and flag. Place ring: the ring had no room, because it was not read for too long or a flood filled it; a larger one (capture.ringBytes, capture.synRingBytes, capture.refusedRingBytes, capture.firstRingBytes) lasts longer. While this rises, that a packet is not in the logs does not prove that it did not come.",
		read: func(s *sample, put put) {
			byFlag(s.Capture.Lost, func(n uint64, flag string) { put(float64(n), "ring", flag) })
		},
	},
	{
		name: "sekisho_losses_total", kind: counter, labels: []string{"place"},
		help: "What rows of CaptureLoss have told since this process began, by their Place, of which the table's page says what is lost there; a loss that nobody could count is 1. It follows within a second or two.",
		read: func(s *sample, put put) {
			for _, place := range slices.Sorted(maps.Keys(s.Losses)) {
				put(float64(s.Losses[place]), place)
			}
		},
	},
	{
		name: "sekisho_events_read_total", kind: counter,
		help: "Events that this process took from the rings.",
		read: func(s *sample, put put) { put(float64(s.Capture.Read)) },
	},
	{
		name: "sekisho_event_numbers_missing", kind: gauge,
		help: "Numbers without an event among those that this process read: each CPU numbers its events, lost ones too, so this is the reader's own count of losses. No counter, because a number that comes late, through another ring, is taken off again.",
		read: func(s *sample, put put) { put(float64(s.Capture.Missing)) },
	},
	{
		name: "sekisho_reasons_lost_total", kind: counter, labels: []string{"place"},
		help: "How often sentences of the kernel about INVALID packets were lost. Place nflog: they came faster than they were read, or too many waited for their packets. The packets are recorded all the same; for a second after, the InvalidReason of those without a sentence is UNKNOWN.",
		read: func(s *sample, put put) { put(float64(s.Capture.ReasonOverruns), "nflog") },
	},
	{
		name: "sekisho_reasons_listening", kind: gauge,
		help: "1 while the kernel's sentences about INVALID packets are listened to; 0 in a flood of them (more than capture.reasonsRate a second) and some seconds after, and always where nobody asked for them. Meanwhile INVALID rows have the reason UNKNOWN.",
		read: func(s *sample, put put) { put(oneIf(s.Capture.Listening)) },
	},
	{
		name: "sekisho_packets_ignored_total", kind: counter,
		help: "Packets that connection tracking ignored and let pass (rows with the flag IGNORED), those to the host itself included. Nothing is wrong with them.",
		read: func(s *sample, put put) { put(float64(s.Capture.Ignored)) },
	},
	{
		name: "sekisho_ring_fill_bytes", kind: gauge, labels: []string{"ring"},
		help: "Bytes that wait in a ring to be read: ring events has the ordinary ones, ring syns those of allowed SYNs, ring refused those of INVALID and denied packets, ring firsts the first packets of other protocols and ICMP errors. What is near sekisho_ring_size_bytes is about to lose events.",
		read: func(s *sample, put put) {
			for _, r := range s.Rings {
				put(float64(r.Fill), r.Name)
			}
		},
	},
	{
		name: "sekisho_ring_size_bytes", kind: gauge, labels: []string{"ring"},
		help: "Size of a ring in bytes.",
		read: func(s *sample, put put) {
			for _, r := range s.Rings {
				put(float64(r.Size), r.Name)
			}
		},
	},
	{
		name: "sekisho_reader_lag_seconds", kind: gauge,
		help: "Age of the oldest event that was read from a ring and not yet delivered, or that may wait in one after a turn which could not read all; 0 when there is none. INVALID events wait up to 0.05 s for the kernel's reason; more than a second means a busy host or a disk that is too slow.",
		read: func(s *sample, put put) { put(s.Lag.Seconds()) },
	},
	{
		name: "sekisho_yielding", kind: gauge,
		help: "1 while the threads that make rows give way to whoever else wants a CPU, 0 while they compete with others: because rows are late, or somebody waits for them. Absent where capture.yield is false, or they cannot.",
		read: func(s *sample, put put) {
			if s.Yielding != nil {
				put(oneIf(s.Yielding.Now))
			}
		},
	},
	{
		name: "sekisho_yielding_ended_total", kind: counter,
		help: "How often they began to compete. Nearly once a second means that all CPUs are busy. Absent as sekisho_yielding is.",
		read: func(s *sample, put put) {
			if s.Yielding != nil {
				put(float64(s.Yielding.Ended))
			}
		},
	},
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// byFlag puts the counts of the flags that are counted. The empty flag is
// called none: to Prometheus an empty label is no label.
func byFlag(counts map[flow.Flag]uint64, put func(n uint64, flag string)) {
	if n, counted := counts[flow.FlagNone]; counted {
		put(n, "none")
	}
	for _, f := range flow.Flags() {
		if n, counted := counts[f]; counted {
			put(n, f.String())
		}
	}
}
