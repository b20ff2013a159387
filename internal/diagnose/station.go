package diagnose

import (
	"slices"

	"github.com/sekisho/sekisho/internal/flow"
)

// presence is what became of a packet at one firewall.
type presence int

const (
	// unclear: it may have passed; nobody asked, or events were lost.
	unclear presence = iota
	// absent: it did not come.
	absent
	// stopped: it came and was not let through.
	stopped
	// passed: it was let through.
	passed
)

// station is one firewall of the way, with what it saw of the attempt.
type station struct {
	name  string
	asked bool
	// row is the one that tells most; nil where there is none. rows are all.
	row  *flow.Connection
	rows []*flow.Connection
	// doubts are why something that is missing here proves nothing.
	doubts []Doubt
	// onTheWay is where the topology's way passes it.
	onTheWay string
}

// outcome is the firewall's own word; empty where it has no row.
func (s *station) outcome() flow.Outcome {
	if s.row == nil {
		return ""
	}
	return s.row.Verdict.Outcome
}

// lossy reports whether a missing packet proves nothing here.
func (s *station) lossy() bool { return len(s.doubts) > 0 }

// missing is what a packet is that no row shows.
func (s *station) missing() presence {
	if !s.asked || s.lossy() {
		return unclear
	}
	return absent
}

// syn tells what became of the SYN here.
func (s *station) syn() presence {
	c := s.row
	switch {
	case c == nil:
		return s.missing()
	case c.Verdict.Outcome == flow.RequestBypasses && c.SYNs == 0:
		return absent // an INVALID SYN-ACK proves it
	case c.Verdict.Outcome == flow.Denied, s.dropped(flow.FromClient) && c.SYNACKs == 0:
		return stopped
	case c.SYNs > 0 || c.SYNACKs > 0:
		return passed
	case slices.Contains(c.Verdict.Doubts, flow.MidStream):
		return unclear
	}
	return s.missing()
}

// synack tells what became of the SYN-ACK here.
func (s *station) synack() presence {
	c := s.row
	switch {
	case c == nil:
		return s.missing()
	case c.SYNACKs > 0:
		return passed
	case c.Verdict.Outcome == flow.RequestBypasses:
		return stopped
	case c.Verdict.Outcome == flow.ReplyBypasses:
		return absent // an INVALID ACK proves it
	case s.dropped(flow.FromServer):
		return stopped
	case slices.Contains(c.Verdict.Doubts, flow.MidStream):
		return unclear
	}
	return s.missing()
}

// ack tells what became of the ACK that completes the handshake.
func (s *station) ack() presence {
	c := s.row
	switch {
	case c == nil:
		return s.missing()
	case c.ACKs > 0:
		return passed
	case c.Invalid != nil && c.Invalid.Way == flow.FromClient && c.Invalid.TCPFlags&flow.BitACK != 0:
		return stopped
	case c.FINs != [2]int{} || c.Retransmits != [2]int{} || c.Verdict.Outcome.Healthy() && c.Verdict.Outcome != flow.Opening:
		return passed // a later step shows it
	case slices.Contains(c.Verdict.Doubts, flow.MidStream):
		return unclear
	}
	return s.missing()
}

// dropped reports whether the host's kernel dropped a packet of that side. A
// drop without a tuple, as a counter's, is taken for the client's.
func (s *station) dropped(side flow.Way) bool {
	c := s.row
	if c == nil || c.Drop == nil || c.Verdict.Outcome != flow.DroppedByHost && c.Verdict.Outcome != flow.TableFull {
		return false
	}
	return wayOf(c, c.Drop.Tuple) == side
}

// wayOf tells from which side of the connection a packet comes, by its
// addresses: those of the tuple, before or after translation.
func wayOf(c *flow.Connection, packet flow.Tuple) flow.Way {
	servers := []flow.Tuple{c.Tuple, c.Translated}
	for _, t := range servers {
		if t.IsValid() && packet.IsValid() && packet.Source == t.Dest {
			return flow.FromServer
		}
	}
	return flow.FromClient
}
