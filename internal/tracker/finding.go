package tracker

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/flow"
)

// finding is what a connection looks like, before anybody asks how sure that
// is.
type finding struct {
	outcome flow.Outcome
	stuck   flow.Step
	by      flow.Side
	detail  string
}

// judgement judges a connection by what is known of it. Proofs come before what
// rests on an absence.
func (t *Tracker) judgement(c *entry) finding {
	switch {
	case c.is(cutOff):
		return finding{flow.Cut, c.nextStep(), flow.NoSide, c.cutDetail()}
	case c.is(forbidden):
		return finding{outcome: flow.Denied, stuck: flow.StepSYN}
	case c.is(finClient | finServer):
		return finding{outcome: flow.Completed, by: side(c.closer), detail: c.passing()}
	case c.rst != 0 && c.is(closed):
		return t.judgeReset(c)
	case c.end == flow.EndReplaced && c.step == connected:
		return finding{flow.ResetMidway, flow.StepData, flow.Client, replacedDetail}
	case c.step == connected:
		return t.judgeOpen(c)
	}
	return t.judgeHandshake(c)
}

const replacedDetail = "the client began a new connection on the same ports"

func (c *entry) cutDetail() string {
	if c.trouble != nil && c.trouble.revision != "" {
		return "policy revision " + c.trouble.revision
	}
	return ""
}

// passing names what was refused of a connection that came to its end all the
// same.
func (c *entry) passing() string {
	if c.trouble == nil {
		return ""
	}
	if c.trouble.broken != "" {
		return c.trouble.broken
	}
	return c.trouble.window
}

// nextStep is the one that did not happen.
func (c *entry) nextStep() flow.Step {
	switch c.step {
	case nothing:
		return flow.StepSYN
	case requested:
		return flow.StepSYNACK
	case answered:
		return flow.StepACK
	}
	return flow.StepData
}

// judgeReset judges a connection that an RST ended.
func (t *Tracker) judgeReset(c *entry) finding {
	by := c.resetBy()
	switch {
	case c.end == flow.EndReplaced:
		return finding{flow.ResetMidway, flow.StepData, flow.Client, replacedDetail}
	case c.facts&(finClient|finServer) != 0:
		return finding{outcome: flow.Completed, by: by}
	case c.step == requested && c.rstBy == flow.FromServer:
		return finding{flow.Refused, flow.StepSYNACK, by, ""}
	case c.step <= requested:
		return t.judgeHandshake(c) // the client gave up
	case c.step == answered && c.rstBy == flow.FromClient && c.synacks > 1:
		// It did not answer before: a client that is back and knows nothing.
		return finding{flow.NoFinalACK, flow.StepACK, c.silentClient(), ""}
	case c.step == answered && c.rstBy == flow.FromClient && c.unacked == [2]uint32{}:
		// It wanted to know whether somebody is there: probes do so.
		return finding{outcome: flow.Completed, by: by}
	case c.step == answered && c.rstBy == flow.FromServer:
		return finding{flow.ResetMidway, flow.StepACK, by, ""}
	case c.stuck() && c.is(unackedKnown) && c.unacked != [2]uint32{}:
		return t.judgeStuck(c)
	case c.is(unackedKnown) && c.unacked == [2]uint32{}:
		return finding{outcome: flow.Completed, by: by}
	}
	return finding{flow.ResetMidway, flow.StepData, by, c.unackedDetail()}
}

// resetBy is who sent the RST: a middlebox in a side's name where its TTL is
// not that of the side's other packets.
func (c *entry) resetBy() flow.Side {
	if ttl := c.ttl[c.rstBy]; ttl != 0 && c.rstTTL != 0 && c.rstTTL != ttl {
		return flow.Middlebox
	}
	return side(c.rstBy)
}

func (c *entry) unackedDetail() string {
	if !c.is(unackedKnown) {
		return ""
	}
	return fmt.Sprintf("not acknowledged: %d bytes of the client, %d of the server", c.unacked[0], c.unacked[1])
}

// judgeOpen judges a connection that had its handshake and did not end.
func (t *Tracker) judgeOpen(c *entry) finding {
	if from, _, ok := c.around(); ok {
		outcome := flow.ReplyBypasses
		if from == flow.FromServer {
			outcome = flow.RequestBypasses
		}
		return finding{outcome, flow.StepData, flow.NoSide, c.trouble.window}
	}
	switch {
	case c.is(gone):
		return t.judgeGone(c)
	case c.stuck():
		return t.judgeStuck(c)
	case c.trouble != nil && c.trouble.window != "":
		return finding{flow.OutOfWindow, flow.StepData, flow.NoSide, c.trouble.window}
	case c.is(malformedPacket):
		return finding{flow.Malformed, flow.StepData, flow.NoSide, c.trouble.broken}
	case c.facts&(finClient|finServer) != 0 && c.silentSince(t):
		return finding{outcome: flow.HalfClosed, stuck: flow.StepFIN, by: c.unclosed()}
	}
	return finding{outcome: flow.ActiveNow, detail: c.forgottenDetail()}
}

// forgottenDetail is what became of a connection that looks well, where it is not
// there any more.
func (c *entry) forgottenDetail() string {
	switch {
	case c.forgotten == 0:
		return ""
	case c.end == flow.EndUnseen:
		return "conntrack does not know it any more: what closed it did not come to the forward hook"
	case c.is(deletedBefore):
		return "its conntrack entry was deleted, and nobody has spoken since"
	case c.is(expiredByTimeout):
		return "conntrack forgot it after its timeout, and nobody has spoken since"
	}
	return ""
}

// unclosed is the side that has not closed.
func (c *entry) unclosed() flow.Side {
	if c.is(finClient) {
		return flow.Server
	}
	return flow.Client
}

// silentSince reports whether nothing more can come of a side that has not
// closed: conntrack forgot the connection or, where it does not tell, nothing
// was seen for twice as long as it remembers one. Data shows no events.
func (c *entry) silentSince(t *Tracker) bool {
	if t.config.Sees.has(Ends) {
		return c.is(expiredByTimeout)
	}
	timeouts := &t.timeouts
	return t.now-c.last >= 2*int64(max(timeouts.FinWait, timeouts.CloseWait))
}
