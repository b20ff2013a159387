package tracker

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

const (
	// DefaultLimit is how many connections are known at most: about 130 MB, or half of
	// that where nearly all of them were closed.
	DefaultLimit = 200_000
	// DefaultStall is how long a handshake may take before it is told as stuck:
	// a SYN has been repeated after 1 s and 3 s by then (RFC 6298, section 5).
	DefaultStall = 3 * time.Second
	// DefaultFold is how many rows of one client with one outcome are told in
	// ten seconds before the others are told as one: more than who tries
	// something by hand or in a loop makes, less than a port scan.
	DefaultFold = 256
)

// Config says what is tracked, and who is told.
type Config struct {
	// Firewall is its name in the rows.
	Firewall string
	// Limit bounds how many connections are known; DefaultLimit for 0. Those
	// that ended go first, then those that have nothing but INVALID packets,
	// then half-open ones, then those that were silent for longest.
	Limit int
	// Stall is when a handshake that hangs is told, while it hangs;
	// DefaultStall for 0.
	Stall time.Duration
	// Fold bounds the rows of one client with one unhealthy outcome within ten
	// seconds; DefaultFold for 0.
	Fold int
	// Timeouts returns conntrack's timeouts in force; nil is Linux's defaults.
	Timeouts func() Timeouts
	// Describe names the policy's decision about an event; nil where there is
	// no policy.
	Describe func(*flow.Event) flow.Decision
	// Sees is what the source of the events can show; everything where 0.
	Sees Sight
	// Accounting tells an ended connection once more when its packets and bytes
	// are known: most connections then have two rows.
	Accounting bool
	// Tell is called with each row, in the course of the other methods: it must not
	// call the tracker, and the row is the tracker's again when it returns. What the
	// row leads to does not change any more. nil is nobody.
	Tell func(*flow.Connection)
}

func (c Config) withDefaults() Config {
	if c.Limit <= 0 {
		c.Limit = DefaultLimit
	}
	if c.Stall <= 0 {
		c.Stall = DefaultStall
	}
	if c.Fold <= 0 {
		c.Fold = DefaultFold
	}
	if c.Timeouts == nil {
		c.Timeouts = DefaultTimeouts
	}
	if c.Describe == nil {
		c.Describe = func(*flow.Event) flow.Decision { return flow.Decision{} }
	}
	if c.Sees == 0 {
		c.Sees = Everything
	}
	if c.Tell == nil {
		c.Tell = func(*flow.Connection) {}
	}
	return c
}

// Sight is what the source of the events can show. What it cannot show proves
// nothing by its absence.
type Sight uint32

const (
	// Numbers: sequence and acknowledgement numbers, and the TCP flags.
	Numbers Sight = 1 << (iota + 24)
	// Ends: conntrack's ends come to AddEnd. Of connections that were closed
	// they need not, unless there is Accounting.
	Ends
	// Drops: what the host drops comes to AddDrop.
	Drops
	// InForce: Timeouts returns those that were in force.
	InForce
)

// Everything is the sight of our own recorder.
const Everything Sight = 1<<32 - 1

// AzureFlowTrace is the sight of the logs that Azure Firewall writes: neither
// SYN nor ACK, and no numbers.
var AzureFlowTrace = Shows(flow.SYNACK, flow.FIN, flow.FINACK, flow.RST, flow.INVALID)

// Shows is the sight of a source that shows events with these flags, without
// numbers.
func Shows(flags ...flow.Flag) Sight {
	var s Sight
	for _, f := range flags {
		s |= 1 << f
	}
	return s
}

// See says what the source can show from now on.
func (t *Tracker) See(s Sight) { t.config.Sees = s }

func (s Sight) has(part Sight) bool { return s&part == part }
