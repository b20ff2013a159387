// Package metrics tells Prometheus how a running firewall fares: what it
// recorded, what was lost and where, how full its rings are, and what is in
// force.
//
// Nothing is kept here, and between two scrapes nothing runs. A scrape asks
// the firewall for one [Snapshot], and every family reads its samples from it:
//
//	GET /metrics ──▶ Handler ──▶ Source.Read ──▶ Snapshot ──▶ families ──▶ text
//
// A family is a name, a type, labels, a meaning and a function that reads. The
// reference page, docs/reference/metrics.md, is written from the same list, so
// what is documented is what is sent. What the firewall cannot know (the
// kernel keeps no statistics, rows are not written) is absent, never zero.
package metrics

import (
	"time"

	"github.com/sekisho/sekisho/internal/capture"
)

// Source is the firewall that is measured.
type Source struct {
	// Firewall is its id: the label that every sample has.
	Firewall string
	// Version is the program's, as `sekisho version` shows it.
	Version string
	// Read takes a snapshot, once for each scrape; scrapes may overlap. Its
	// error fails the scrape.
	Read func() (Snapshot, error)
}

// Snapshot is a firewall at one moment.
type Snapshot struct {
	// Started is when this process of the firewall began.
	Started time.Time
	// Policy is nil where none is in force, as with sekisho observe.
	Policy *Policy
	// Capture are the recorder's own counters.
	Capture capture.Stats
	// Losses are what rows of CaptureLoss have told since the process began, by
	// place: what nobody could count is 1 each.
	Losses map[string]uint64
	Rings  []Ring
	// Programs are the recorder's; none as long as the kernel keeps no
	// statistics of them.
	Programs []Program
	// Lag is the age of the oldest event that was read from a ring and not
	// yet delivered; 0 where there is none.
	Lag time.Duration
	// Yielding is nil where threads do not give way.
	Yielding *Yielding
	// Connections is how many connections have an id that is remembered.
	Connections int
	// Connection is what becomes of connections.
	Connection Connections
	// Conntrack is nil where the kernel does not tell.
	Conntrack *Conntrack
	// Tables are the tables whose rows are written; none where rows are not.
	Tables []Table
	// Spool is nil where no rows go to a workspace.
	Spool  *Spool
	Stream Stream
}

// Policy is what is in force.
type Policy struct {
	Name, Revision string
	Rules          int   // compiled, without the default action
	Generation     uint8 // as connections' marks carry it
}

// Ring is one of the rings that events wait in.
type Ring struct {
	Name       string // "events", "syns", "refused" or "firsts"
	Fill, Size int    // bytes
}

// Yielding is whether the threads that make rows give way to others now, and how
// often that ended since the process began.
type Yielding struct {
	Now   bool
	Ended uint64
}

// Program is one of the recorder's BPF programs, as the kernel counts its runs.
type Program struct {
	Name string
	Runs uint64
	Time time.Duration // of all runs
}

// Conntrack is how full connection tracking is, in entries: those of the
// firewall's network namespace (net.netfilter.nf_conntrack_count), and the
// number at which no more are taken (nf_conntrack_max).
type Conntrack struct{ Entries, Max uint64 }

// Table is what became of a log table's rows since the process began.
type Table struct {
	Name string
	// Rows were written; Errors is how often writing failed.
	Rows, Errors uint64
}

// Stream is the live stream: how many follow it now, and how many events were
// left out for followers that were too slow, since the process began.
type Stream struct {
	Followers int
	Missed    uint64
}
