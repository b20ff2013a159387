package tracker

import (
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

const (
	// overACKs and overSEQs are how many packets above the window from one side,
	// with none from the other, show that the other side's packets take another
	// way: one can be forged, or a stray.
	overACKs = 2
	overSEQs = 3
	// patience is how long a verdict waits for what comes by other ways:
	// conntrack's ends, its counters (read once a second), the host's drops.
	patience = int64(1500 * time.Millisecond)
)

// takeInvalid takes a packet that conntrack could not give to a connection.
func (t *Tracker) takeInvalid(c *entry, e *flow.Event, way flow.Way, at int64) {
	c.invalids++
	c.keepInvalid(e, way)
	if c.is(closed) {
		return // late, or a stray
	}
	wait := patience
	if t.judgeInvalid(c, e, way, at) {
		wait = 0
	}
	if c.class == strangers {
		wait = 0
	}
	if c.judge == 0 {
		c.judge = at + wait
	}
}

func (c *entry) keepInvalid(e *flow.Event, way flow.Way) {
	if more := c.more(); more.invalid == nil {
		more.invalid = &flow.InvalidPacket{Time: e.Time, Way: way, TCPFlags: e.TCPFlags, Reason: e.Reason, Text: e.ReasonText}
	}
}

// judgeInvalid notes what the packet proves. It reports whether that needs
// nothing else.
func (t *Tracker) judgeInvalid(c *entry, e *flow.Event, way flow.Way, at int64) (proof bool) {
	switch e.Reason {
	case flow.BadChecksum, flow.InvalidFlags, flow.Truncated:
		c.set(malformedPacket)
		c.more().broken = fault(e)
		return false
	}
	kind := e.TCPFlags & handshakeBits
	switch {
	case kind == flow.BitSYN|flow.BitACK && c.step == nothing:
		c.set(answeredAround)
		return true
	case kind == flow.BitSYN|flow.BitACK:
		c.set(goneAnswer)
		t.miss(c, e, way, at)
	case kind == flow.BitSYN && c.step <= requested && unexplained(e):
		c.set(unlooked)
		return false
	case e.TCPFlags&(flow.BitRST|flow.BitSYN) != 0:
		return false // breaks nothing by itself
	case c.step == nothing && provesRequest(e):
		c.step = requested // its event is lost
		c.set(acked)
		return true
	case e.Reason == flow.SeqOverWindow || e.Reason == flow.AckOverWindow:
		t.connect(c) // before that there is no window, also where an answer's event is lost
		c.countOver(e, way)
	case c.step == requested:
		if way == flow.FromClient && t.acknowledges(c, e) {
			c.set(acked)
			return true
		}
	default:
		t.miss(c, e, way, at)
	}
	return false
}

// unexplained reports whether the kernel said nothing about an INVALID packet. A
// SYN can always begin a connection, so conntrack refuses one only with a sentence.
// Without one it has not looked: it looks where rules ask for it, and they were gone,
// as with "nft flush ruleset". (Or the sentence was lost, and nothing is known either.)
func unexplained(e *flow.Event) bool {
	return e.ReasonText == "" && (e.Reason == flow.NoReason || e.Reason == flow.NoState || e.Reason == flow.UnknownReason)
}

// provesRequest reports whether the kernel says of a client's packet that it
// has seen the SYN and no answer: "packet (index 3) in dir 0 invalid, state
// SYN_SENT". That is as good as the SYN's own event.
func provesRequest(e *flow.Event) bool {
	return e.Reason == flow.InvalidState && e.TCPFlags&flow.BitACK != 0 &&
		strings.Contains(e.ReasonText, "in dir 0 invalid, state SYN_SENT")
}

// fault is the kernel's sentence about a packet, or the code where it has none.
func fault(e *flow.Event) string {
	if e.ReasonText != "" {
		return e.ReasonText
	}
	return string(e.Reason)
}

// acknowledges reports whether the client's packet goes on where its SYN began:
// it has an answer that did not pass here. A source without numbers shows only
// that the client says more than SYN.
func (t *Tracker) acknowledges(c *entry, e *flow.Event) bool {
	if !t.config.Sees.has(Numbers) {
		return true
	}
	return e.TCPFlags&flow.BitACK != 0 && c.is(hasISN) && int32(e.Seq-c.isn) > 0
}

func (c *entry) countOver(e *flow.Event, way flow.Way) {
	c.more().window = fault(e)
	o := &c.over[way]
	if e.Reason == flow.AckOverWindow {
		o.ack = min(o.ack+1, overACKs)
	} else {
		o.seq = min(o.seq+1, overSEQs)
	}
}

// around reports from which side packets still come, where the other side's
// have taken another way in mid-connection: they acknowledge what never passed
// (sure), or go on although nobody here has widened the window (not as sure).
func (c *entry) around() (from flow.Way, sure, ok bool) {
	for _, way := range []flow.Way{flow.FromClient, flow.FromServer} {
		if c.over[other(way)] != (over{}) {
			continue
		}
		if c.over[way].ack >= overACKs {
			return way, true, true
		}
		if c.over[way].seq >= overSEQs {
			return way, false, true
		}
	}
	return 0, false, false
}
