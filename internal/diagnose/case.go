package diagnose

import (
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/topology"
)

// Case is all that is known when a question is asked.
type Case struct {
	Asked Question
	// Connections are rows of any firewalls; those that do not concern the
	// question are passed over, and of several updates of a row the highest
	// counts. Their order does not matter.
	Connections []flow.Connection
	// Topology is nil where it is not known.
	Topology *topology.Topology
	// Policies are those in force, by firewall. Where one is missing, rules
	// are named as the rows name them, and no fix is made for them.
	Policies map[string]*policy.Policy
	// Watches are the firewalls that were asked, with or without a row. That a
	// firewall which is not here has no row says nothing. A firewall that has a
	// row was asked.
	Watches []Watch
	// Translations are address translations known from elsewhere than the rows.
	Translations []Translation
	// Now is when the question is asked. Where there is no row and no time was
	// asked for, only what was lost shortly before counts; where it is zero, all
	// that was ever lost does.
	Now time.Time
}

// Question names a connection. A port 0 is any port, and an address may be
// missing on neither side.
type Question struct {
	Source, Destination netip.AddrPort
	// Protocol 0 is TCP.
	Protocol flow.Protocol
	// At selects the attempt of that time; zero: the newest.
	At time.Time
}

// protocol is the one asked for.
func (q Question) protocol() flow.Protocol {
	if q.Protocol == 0 {
		return flow.TCP
	}
	return q.Protocol
}

// matches reports whether packets of this tuple are asked for.
func (q Question) matches(t flow.Tuple) bool {
	return t.Protocol == q.protocol() && matchesEnd(q.Source, t.Source) && matchesEnd(q.Destination, t.Dest)
}

func matchesEnd(asked, is netip.AddrPort) bool {
	return asked.Addr().Unmap() == is.Addr().Unmap() && (asked.Port() == 0 || asked.Port() == is.Port())
}

// Watch is what one firewall recorded, and what it did not.
type Watch struct {
	Firewall string
	// Losses are events that happened and have no row.
	Losses []Loss
	// Gaps are times in which nothing, or not everything, was recorded: the
	// process was off, a filter or a sample was in force. A zero To is still
	// going on.
	Gaps []Span
	// Tampered are times in which somebody had taken the rules away. A zero From
	// is not known, a zero To is still going on.
	Tampered []Span
	// Untracked are times in which packets passed that conntrack was told not to look
	// at: connections may have no rows at all. A zero To is not known.
	Untracked []Span
	// CannotSee is true where the source of the rows never shows some packets
	// of a handshake, as Azure's flow trace.
	CannotSee bool
}

// Loss is events that were lost. From is zero where its beginning is unknown.
type Loss struct {
	Span
	// Kind is the flag of the events; empty where it is unknown.
	Kind  string
	Count uint64
}

// Span is a time from From to To.
type Span struct {
	From, To time.Time
}

// Same reports whether two spans are the same moments.
func (s Span) Same(o Span) bool { return s.From.Equal(o.From) && s.To.Equal(o.To) }

// meets reports whether two spans have a moment in common. An open end, a zero
// time, has no bound.
func (s Span) meets(o Span) bool {
	return !before(s.To, o.From) && !before(o.To, s.From)
}

func before(end, begin time.Time) bool {
	return !end.IsZero() && !begin.IsZero() && end.Before(begin)
}

// Translation is an address translation at a firewall.
type Translation struct {
	Firewall             string
	Original, Translated flow.Tuple
	// Rule names what made it, where that is known.
	Rule string
}
