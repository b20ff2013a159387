// Package drops tells which packets the kernel dropped on this host outside the
// policy, and why: what never reached the forward hook, or got lost after it. It
// loads the BPF program of bpf/drops.bpf.c, which the kernel runs wherever it
// drops a packet, and reads what conntrack counts.
//
//	kernel                                     this package
//	kfree_skb ─▶ drops.bpf.c ──▶ ring "events" ──────┐
//	                         ──▶ window (repeats) ───┴─▶ sorted by time ─▶ deliver
//	conntrack ─▶ its counters ───────────────────────▶ ReadConntrackCounters, Moved
//
// A host under attack drops as fast as packets come, so little of it is sent:
// packets that are alike in everything but time, length and TTL are one event
// and, once a second, one row with their number; and each CPU has so many
// events a second. What is neither sent nor counted with its like is counted
// as suppressed or lost: [Stats].
//
// Drops by our own enforcement are left out: it marks each packet just before
// it drops it, also those that belong to no connection. So what is told with
// the reason NETFILTER_DROP is somebody else's rule, or conntrack itself.
//
// Everything happens in the network namespace of the thread that calls Open or
// ReadConntrackCounters.
package drops

import (
	"sync/atomic"
	"time"
)

// Config says what is ours, and how much may be sent.
type Config struct {
	// MarkMask are the bits of a packet's mark that are the ruleset's, and
	// MarkDropped is what they are when its enforcement drops the packet.
	// Without a ruleset both are 0, and nothing is ours.
	MarkMask    uint32
	MarkDropped uint32

	// EventsPerSecond bounds what one CPU sends. 0 takes DefaultEventsPerSecond.
	EventsPerSecond uint32

	// RingBytes is the size of the ring, a power of two and a multiple of the
	// page size. 0 takes 1 MiB: about 10,000 events.
	RingBytes uint32

	// Poll is how often the ring is read. 0 takes DefaultPoll.
	Poll time.Duration

	// Told, where it is given, is set to until when everything is delivered, in
	// nanoseconds since 1970: what a process that is killed then still had to
	// tell is younger.
	Told *atomic.Uint64

	// PinPath is a folder below a bpffs mount, in which the counters are pinned:
	// see [Left]. Empty: they are gone with the process.
	PinPath string
}

const (
	// DefaultEventsPerSecond is enough for every fault that a person looks
	// into, and costs a CPU a millisecond of the second at most.
	DefaultEventsPerSecond = 1000

	// DefaultPoll is short beside the second that repeats wait.
	DefaultPoll = 100 * time.Millisecond

	// windowTime is how long repeats are counted before they are delivered.
	windowTime = time.Second
)
