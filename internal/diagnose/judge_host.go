package diagnose

import (
	"cmp"
	"strings"

	"github.com/sekisho/sekisho/internal/flow"
)

// dropCodes are the kernel's reasons for a drop that have a cause of their own.
// A chain that drops gives NETFILTER_DROP; so does connection tracking, which
// counts insert_failed then.
var dropCodes = map[string]Code{
	"IP_RPFILTER":    ReversePathFilter,
	"NETFILTER_DROP": OtherFilter,
	"insert_failed":  NoFreePort,
	"early_drop":     EarlyDrop,
	"drop":           TableFull,
}

// droppedByHost is about the kernel of the firewall's host.
func (q *inquiry) droppedByHost(s *station) {
	c := Cause{Code: KernelDrop, Node: s.name, Drop: dropRef(s.row)}
	if d := s.row.Drop; d != nil {
		if code, ok := dropCodes[d.Reason]; ok {
			c.Code = code
		}
		if portless(s.row) {
			c.Code = NoFreePort
		}
	}
	stuck := flow.StepSYN
	switch {
	case established(s.row):
		stuck = flow.StepData
	case s.dropped(flow.FromServer):
		stuck = flow.StepSYNACK
	}
	q.settle(at(s.name), cmp.Or(s.row.Verdict.StuckAt, stuck), c)
}

// hookItself is the kernel's function in which anything but a rule of nftables
// drops: connection tracking, for one.
const hookItself = "nf_hook_slow"

// portless recognises a connection that connection tracking could not enter into
// its table, because the port that source translation chose is taken: conntrack
// counts insert_failed, and the packet bears a translated source when it goes.
func portless(c *flow.Connection) bool {
	translated := c.Drop.Tuple.IsValid() && c.Drop.Tuple.Source != c.Tuple.Source && wayOf(c, c.Drop.Tuple) == flow.FromClient
	return strings.Contains(c.Verdict.Detail, "insert_failed") ||
		c.Drop.Reason == "NETFILTER_DROP" && c.Drop.Location == hookItself && translated
}

func dropRef(c *flow.Connection) *DropRef {
	if c.Drop == nil {
		if c.Verdict.Detail == "" {
			return nil
		}
		return &DropRef{Reason: c.Verdict.Detail}
	}
	return &DropRef{Reason: c.Drop.Reason, Hook: c.Drop.Hook, Interface: c.Drop.Interface, Location: c.Drop.Location}
}

// tableFull is about the host's table of connections.
func (q *inquiry) tableFull(s *station) {
	c := Cause{Code: TableFull, Node: s.name, Drop: dropRef(s.row)}
	if c.Drop != nil && strings.Contains(c.Drop.Reason, "early_drop") || strings.Contains(s.row.Verdict.Detail, "early drop") {
		c.Code = EarlyDrop
	}
	stuck := flow.StepSYN
	if s.row.SYNs > 0 {
		stuck = flow.StepSYNACK
	}
	q.settle(at(s.name), cmp.Or(s.row.Verdict.StuckAt, stuck), c)
}

// expired is about a silence that was longer than the firewall remembers.
func (q *inquiry) expired(s *station) {
	c := Cause{Code: IdleTimeout, Node: s.name, Idle: seconds(s.row.Idle), Timeout: seconds(s.row.Timeout)}
	switch {
	case s.row.FINs[flow.FromClient] > 0 && s.row.FINs[flow.FromServer] == 0:
		c.Side = flow.Server // who has not closed
	case s.row.FINs[flow.FromServer] > 0 && s.row.FINs[flow.FromClient] == 0:
		c.Side = flow.Client
	}
	q.settle(at(s.name), flow.StepData, c)
}

// stateLost is a connection that the firewall should know and does not, or one
// of which it never saw the beginning.
func (q *inquiry) stateLost(s *station) {
	c := Cause{Code: StateFlushed, Node: s.name, Idle: seconds(s.row.Idle), Timeout: seconds(s.row.Timeout)}
	if s.row.Invalid != nil {
		c.Since = s.row.Invalid.Time
	}
	if s.row.SYNs > 0 || s.row.SYNACKs > 0 {
		q.settle(at(s.name), flow.StepData, c)
		return
	}
	c.Code = MidStream
	q.settle(at(s.name), flow.StepData, c)
	d, misses := Back, []string{s.name}
	if p := s.row.Invalid; p != nil && p.Way == flow.FromServer {
		d = There
	}
	// A way that only one direction takes explains it, if the topology has one.
	if cause, where, ok := q.diverted(d, misses); ok {
		cause.Since = c.Since
		q.settle(where, flow.StepData, cause)
		q.explained = true
	}
	q.v.Certainty = weaker(q.v.Certainty, flow.Likely)
}
