package tracker

import "github.com/sekisho/sekisho/internal/flow"

// answers are the packets that would have shown that a SYN was answered.
var answers = kindsOf(flow.SYNACK, flow.ACK, flow.RETRANS, flow.FIN, flow.FINACK, flow.RST, flow.INVALID, flow.DENIED, flow.ICMPERROR)

var closings = kindsOf(flow.FIN, flow.FINACK, flow.RST)

// restsOn is what must not have happened for the finding to be right.
func (t *Tracker) restsOn(c *entry, f finding) kinds {
	switch f.outcome {
	case flow.NoReply, flow.Opening:
		return answers | dropKinds
	case flow.NoFinalACK:
		return answers&^kindsOf(flow.SYNACK, flow.ICMPERROR) | dropKinds
	case flow.Refused:
		if c.is(refusal) {
			return 0
		}
		return kindsOf(flow.SYNACK, flow.ACK)
	case flow.Unreachable:
		return kindsOf(flow.SYNACK, flow.ACK)
	case flow.RequestBypasses:
		if c.step == connected {
			return 0
		}
		if c.invalidText() == "" {
			return kindsOf(flow.SYN, flow.INVALID) // perhaps conntrack looked at nothing
		}
		return kindsOf(flow.SYN)
	case flow.ReplyBypasses:
		// But for the kernel's word an ACK says that there was an answer, not
		// that it did not pass.
		if c.step == requested && c.trouble.invalid.Reason != flow.InvalidState {
			return kindsOf(flow.SYNACK)
		}
	case flow.Expired, flow.StateLost:
		absent := closings | kindsOf(flow.SYN, flow.DENIED)
		if t.config.Sees.has(Ends) && c.facts&(expiredByTimeout|deletedBefore) == 0 {
			absent |= endKinds
		}
		if c.step < connected {
			absent |= kindsOf(flow.SYNACK, flow.ACK) // how far it had come
		}
		return absent
	case flow.ResetMidway:
		return kindsOf(flow.ACK, flow.RETRANS) | closings
	case flow.HalfClosed:
		return closings | kindsOf(flow.INVALID)
	case flow.DroppedByHost, flow.TableFull:
		if c.step == nothing {
			return kindsOf(flow.SYN, flow.SYNACK, flow.ACK)
		}
		return kindsOf(flow.SYNACK, flow.ACK) // it may have come through later
	case flow.OutOfWindow, flow.Malformed:
		if c.step == connected {
			return closings | kindsOf(flow.INVALID)
		}
	case flow.Completed:
		if c.step == answered {
			return kindsOf(flow.ACK)
		}
	case flow.ActiveNow:
		absent := closings | kindsOf(flow.DENIED, flow.INVALID, flow.RETRANS)
		if c.facts&(finClient|finServer) != 0 {
			absent |= endKinds // it would tell that the other side is silent for good
		}
		return absent
	}
	return 0
}
