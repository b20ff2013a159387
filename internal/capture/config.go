// Package capture records what crosses the forward hook: it loads the BPF
// program of bpf/record.bpf.c, reads its rings, joins INVALID packets with the
// kernel's reasons and hands out flow.Events in the order of their time.
//
// The program sits between the chain that decides and the chain that enforces
// (internal/ruleset). It drops nothing, and the firewall works without it.
//
//	kernel                                this package
//	record.bpf.c ──▶ ring "events"  ──┐
//	             ──▶ ring "refused" ──┼─▶ reader ─▶ sorted by time ─▶ deliver
//	conntrack ──▶ NFLOG group 0 ──────┴─▶ reasons
//
// Everything happens in the network namespace of the calling process.
package capture

import "time"

// Config says what to record and where to keep the kernel's part.
type Config struct {
	// PinPath is a folder below a bpffs mount in which the program's link and
	// maps are pinned, so that they outlive the process; see [PinPath]. Empty:
	// nothing is pinned and recording ends with the process.
	PinPath string

	// The layout of connection marks, as the ruleset writes them.
	MarkActionMask uint32
	MarkActionDeny uint32
	MarkHandshake  uint32

	// RingBytes and RefusedRingBytes are the sizes of the two rings, each a
	// power of two and a multiple of the page size. 0 takes the default, 16
	// and 4 MiB: about 170,000 and 40,000 events.
	RingBytes        uint32
	RefusedRingBytes uint32

	// Poll is how often the rings are read. 0 takes DefaultPoll.
	Poll time.Duration

	// Reasons makes the kernel tell why packets are INVALID. It costs
	// throughput under a flood of them only.
	Reasons bool
}

const (
	// DefaultPoll is short enough for a log that is watched live and costs
	// nothing: waking the reader for each event would halve the throughput.
	DefaultPoll = 10 * time.Millisecond

	// HookPriority is the recorder's at the forward hook: after the decision
	// (0) and before its enforcement (20).
	HookPriority = 10

	// reasonWait is how long an INVALID event waits for the kernel's text.
	reasonWait = 50 * time.Millisecond

	// settle is how much older than "now" an event must be before it is
	// handed out: two CPUs and two rings, and no order between them but time.
	settle = time.Millisecond
)
