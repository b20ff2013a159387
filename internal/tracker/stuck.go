package tracker

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/flow"
)

// judgeHandshake judges a connection without a complete handshake.
func (t *Tracker) judgeHandshake(c *entry) finding {
	next := c.nextStep()
	switch {
	case c.is(acked) && !c.is(goneAnswer) && c.step == requested:
		return finding{flow.ReplyBypasses, next, flow.NoSide, c.invalidText()}
	case c.is(answeredAround) && c.step == nothing && !c.is(unlooked):
		return finding{flow.RequestBypasses, next, flow.NoSide, c.invalidText()}
	case c.is(hardError) && c.step == requested && !c.loops():
		return finding{flow.Unreachable, next, c.icmpBy(), c.trouble.icmp.Text}
	case c.is(gone) && c.step != nothing:
		return t.judgeGone(c)
	case c.trouble != nil && c.trouble.drop != nil && !c.loops(): // a loop's last SYN is dropped
		return t.judgeDrop(c)
	case c.is(malformedPacket):
		return finding{flow.Malformed, next, flow.NoSide, c.trouble.broken}
	case c.trouble != nil && c.trouble.window != "":
		return finding{flow.OutOfWindow, next, flow.NoSide, c.trouble.window}
	case c.step == nothing && c.is(unlooked):
		return finding{flow.StateLost, flow.StepData, flow.NoSide, unlookedDetail}
	case c.step == nothing:
		return finding{flow.StateLost, flow.StepData, flow.NoSide, c.invalidText()}
	case c.is(deletedBefore) && t.pressure.early.touch(c.first, c.forgotten, allKinds):
		return finding{flow.TableFull, next, flow.NoSide, earlyDrop}
	case t.now-c.since < int64(t.config.Stall) && (c.end == flow.EndNone || c.end == flow.EndStopped):
		return finding{outcome: flow.Opening}
	case c.step == requested:
		return finding{flow.NoReply, next, flow.NoSide, c.loopDetail()}
	}
	return finding{flow.NoFinalACK, next, c.silentClient(), ""}
}

// silentClient is the client where it has not even repeated its SYN: it is
// gone. One that does repeat it does not get the SYN-ACK.
func (c *entry) silentClient() flow.Side {
	if c.syns == 1 {
		return flow.Client
	}
	return flow.NoSide
}

// loops reports whether the SYN comes again and again with less to live.
func (c *entry) loops() bool { return c.syns > 2 && c.synTTL[1]-c.synTTL[0] >= 2 }

func (c *entry) loopDetail() string {
	if !c.loops() {
		return ""
	}
	return fmt.Sprintf("routing loop: the SYN came %d times, with a TTL from %d down to %d", c.syns, c.synTTL[1], c.synTTL[0])
}

func (c *entry) icmpBy() flow.Side {
	if from := c.trouble.icmp.From; from == c.tuple().Dest.Addr() || from == c.translated().Dest.Addr() {
		return flow.Server
	}
	return flow.Middlebox
}

func (c *entry) invalidText() string {
	if c.trouble == nil || c.trouble.invalid == nil {
		return ""
	}
	return c.trouble.invalid.Text
}

// judgeDrop judges a connection of which the host dropped something.
func (t *Tracker) judgeDrop(c *entry) finding {
	d := c.trouble.drop
	next := c.nextStep()
	if d.TCPFlags&(flow.BitSYN|flow.BitACK) == flow.BitSYN {
		next = flow.StepSYN
	}
	switch {
	case t.crowded(d) && t.pressure.early.touch(c.first, c.last+beat, allKinds):
		return finding{flow.TableFull, next, flow.NoSide, earlyDrop}
	case t.crowded(d):
		return finding{flow.TableFull, next, flow.NoSide, "conntrack had no room"}
	}
	detail := d.Reason
	if d.Hook != "" {
		detail += " at " + d.Hook
	}
	if c.is(portless) && t.pressure.clash.touch(c.first, d.Time.UnixNano()+beat, allKinds) {
		detail += ", insert_failed: no port is left for source translation"
	}
	return finding{flow.DroppedByHost, next, flow.NoSide, detail}
}

// unlookedDetail is of a connection that passed, for all that is known.
const unlookedDetail = "conntrack did not look at its SYN, as where the rules that ask for it were gone"

const earlyDrop = "early drop: thrown out half-open to make room"

// judgeStuck judges a connection whose data, or SYN-ACK, is repeated.
func (t *Tracker) judgeStuck(c *entry) finding {
	if c.trouble != nil && c.trouble.drop != nil && c.trouble.drop.Time.UnixNano() >= c.repeat.first-beat {
		return t.judgeDrop(c)
	}
	switch {
	case c.reanswered() >= stuckReacks && !t.config.Sees.has(Shows(flow.ACK)):
		return finding{flow.NoFinalACK, flow.StepACK, flow.NoSide, ""}
	case c.reanswered() >= stuckReacks:
		return finding{flow.Stalled, flow.StepData, flow.Server,
			fmt.Sprintf("accept queue: the SYN-ACK came %d times after the ACK", c.reanswered())}
	}
	return finding{flow.Stalled, flow.StepData, side(other(c.repeat.way)),
		fmt.Sprintf("%d bytes from the %s sent again and again", c.size, side(c.repeat.way))}
}
