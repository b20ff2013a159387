// Package capture records what crosses the forward hook: it loads the BPF
// program of bpf/record.bpf.c, reads its rings, joins INVALID packets with the
// kernel's reasons and hands out flow.Events in the order of their time.
//
// The program sits between the chain that decides and the chain that enforces
// (internal/ruleset). It drops nothing, and the firewall works without it.
//
//	kernel                                this package
//	record.bpf.c ──▶ ring "events"  ──┐
//	             ──▶ ring "syns"    ──┤
//	             ──▶ ring "firsts"  ──┤
//	             ──▶ ring "refused" ──┼─▶ journal ─▶ sorted by time ─▶ deliver
//	conntrack ──▶ NFLOG group 0 ──────┴─▶ reasons
//
// Rings, counters and the program's links can be pinned, and then go on without
// a process. What is read from a ring is kept in a journal before the kernel
// may overwrite it, and what is handed out is noted there before it is: so a
// process that is killed at any moment loses nothing, and the one that comes
// after it hands nothing out twice.
//
// Everything happens in the network namespace of the calling process.
package capture

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Config says what to record and where to keep the kernel's part.
type Config struct {
	// PinPath is a folder below a bpffs mount in which the program's links and
	// maps are pinned, so that they outlive the process; see [PinPath]. Empty:
	// nothing is pinned and recording ends with the process.
	PinPath string

	// Journal makes what is read from the rings outlive the process too: each
	// event is handed out once, whenever a process is killed; see
	// [Recorder.Resume]. nil: what a process has read and not yet handed out
	// is lost with it.
	Journal Journal
	// Mark is asked before each batch is handed out. What it returns is kept
	// with it, for the process that finds the batch again. With this batch
	// everything has been handed out that happened before a moment, by the clock
	// that events have their times of; zero where that is not known yet. It may
	// be nil.
	Mark func(reached time.Time) []byte

	// Due is asked where no event is ready, and reports whether a batch without
	// one is wanted: for rows that wait for time to pass, up to the same moment.
	// Such a batch is journaled like any other. It may be nil.
	Due func(reached time.Time) bool

	// Batch bounds the bytes that are read from a ring in one turn; 0 takes
	// 256 KiB.
	Batch int

	// Hold is asked before the rings are read, and reports whether what is in
	// them is to stay there for now. It may be nil.
	Hold func() bool

	// The layout of connection marks, as the ruleset writes them.
	MarkActionMask uint32
	MarkActionDeny uint32
	MarkHandshake  uint32

	// Chains are the chains of others at the forward hook, in words by their
	// priority; asked only where the program is attached. It may be nil.
	Chains func() (map[int32]string, error)

	// RingBytes, SynRingBytes, RefusedRingBytes and FirstRingBytes are the sizes
	// of the rings, each a power of two and a multiple of the page size. 0 takes
	// the default, 16, 8, 4 and 4 MiB: about 160,000, 80,000, 40,000 and 40,000
	// events.
	RingBytes        uint32
	SynRingBytes     uint32
	RefusedRingBytes uint32
	FirstRingBytes   uint32

	// Poll is how often the rings are read. 0 takes DefaultPoll.
	Poll time.Duration

	// Memory gives memory for the n events of the next batch, which is then the
	// callee's for good: Run never uses it again. Without it, and of what Resume
	// tells, events are the callee's only until it returns.
	Memory func(n int) []flow.Event

	// Reasons makes the kernel tell why packets are INVALID. It costs
	// throughput under a flood of them only: where texts or INVALID packets
	// come faster than ReasonsRate a second, nobody listens until it is calm
	// again, and INVALID events have the reason UNKNOWN. 0 takes
	// DefaultReasonsRate.
	Reasons     bool
	ReasonsRate int
	// Counts are where losses are counted; its own memory where absent.
	Counts Counts
	// Ask has the kernel make its reasons, or not while nobody listens: making them
	// costs too. It is called where listening is turned on, before it begins, and
	// where it is turned off, behind its end. nil: the kernel goes on making them.
	Ask func(on bool) error
	// Listening is told when that changes, and Ignored gets the packets that
	// conntrack ignored and let pass, as events with the flag IGNORED; only the
	// texts tell of them. Run calls both, between batches. They may be nil.
	Listening func(Listening)
	Ignored   func([]flow.Event)
}

const (
	// DefaultPoll is short enough for a log that is watched live, and for two
	// million packets of a flood a second not to fill the smallest ring. Waking
	// the reader for each event would halve the throughput. Under load 10 ms
	// costs the same, and 5 ms a tenth of the reader's time more.
	DefaultPoll = 20 * time.Millisecond

	// HookPriority is the recorder's at the forward hook, where nobody else has it:
	// see [Places].
	HookPriority = 10

	// reasonWait is how long an INVALID event waits for the kernel's text.
	reasonWait = 50 * time.Millisecond

	// settle is how much older than "now" an event must be before it is
	// handed out: several CPUs and rings, and no order between them but time.
	settle = time.Millisecond
)
