package flow

// Outcome is what became of one connection at one firewall, in one word.
type Outcome string

const (
	// Completed: handshake and orderly close; or an RST after all data was
	// acknowledged, or after a FIN (health probes and browsers close so).
	Completed Outcome = "completed"
	// ActiveNow: the handshake is done and the connection is open, also when
	// idle; or it was when conntrack forgot it, and nobody has missed it yet.
	ActiveNow Outcome = "active"
	// Opening: the handshake is under way and not yet late.
	Opening Outcome = "opening"
	// Denied: the first packet met a deny rule or the default action.
	Denied Outcome = "denied"
	// Refused: the SYN was answered by an RST.
	Refused Outcome = "refused"
	// Unreachable: the SYN was answered by an ICMP error.
	Unreachable Outcome = "unreachable"
	// NoReply: SYN, repeated, forwarded; nothing came back.
	NoReply Outcome = "no-reply"
	// DroppedByHost: the kernel dropped it outside the policy.
	DroppedByHost Outcome = "dropped-by-host"
	// ReplyBypasses: SYN, no SYN-ACK, then packets that acknowledge one are
	// INVALID: the reply takes another way.
	ReplyBypasses Outcome = "reply-bypasses"
	// RequestBypasses: an INVALID SYN-ACK without a SYN: the request takes
	// another way.
	RequestBypasses Outcome = "request-bypasses"
	// NoFinalACK: SYN-ACK forwarded and repeated, never acknowledged.
	NoFinalACK Outcome = "no-final-ack"
	// Stalled: handshake done, then data (or the SYN-ACK) repeated without
	// acknowledgement.
	Stalled Outcome = "stalled"
	// ResetMidway: an RST while data was unacknowledged.
	ResetMidway Outcome = "reset"
	// Expired: packets of a known connection that was silent for at least the
	// timeout in force.
	Expired Outcome = "expired"
	// StateLost: packets of a known connection after a shorter silence, or
	// packets from the middle of an unknown one without a sign of a bypass.
	StateLost Outcome = "state-lost"
	// Cut: ended by a change of the policy.
	Cut Outcome = "cut"
	// OutOfWindow: conntrack refused a sequence number above the window.
	OutOfWindow Outcome = "out-of-window"
	// Malformed: a bad checksum, impossible flags, a truncated header.
	Malformed Outcome = "malformed"
	// TableFull: conntrack could not take it.
	TableFull Outcome = "table-full"
	// HalfClosed: one FIN, never the other, and silence.
	HalfClosed Outcome = "half-closed"
	// NotSeen: asked for by name, and no row at any firewall.
	NotSeen Outcome = "not-seen"
)

// Outcomes lists all outcomes, the healthy ones first.
func Outcomes() []Outcome {
	return []Outcome{Completed, ActiveNow, Opening, Denied, Refused, Unreachable, NoReply, DroppedByHost,
		ReplyBypasses, RequestBypasses, NoFinalACK, Stalled, ResetMidway, Expired, StateLost, Cut,
		OutOfWindow, Malformed, TableFull, HalfClosed, NotSeen}
}

// Healthy reports whether nothing is wrong with such a connection. A refusal
// is not healthy, though it may be what was wanted.
func (o Outcome) Healthy() bool { return o == Completed || o == ActiveNow || o == Opening }

// Step is where in its life a connection is stuck: what did not happen next.
type Step string

const (
	StepNone   Step = ""
	StepSYN    Step = "SYN"
	StepSYNACK Step = "SYN-ACK"
	StepACK    Step = "ACK"
	StepData   Step = "data"
	StepFIN    Step = "FIN"
)

// Certainty is how sure a verdict is.
type Certainty string

const (
	// Certain rests on packets that were seen, or on an absence while nothing
	// was lost.
	Certain Certainty = "certain"
	// Likely is the best explanation of what was seen; Doubts say what else
	// could be.
	Likely Certainty = "likely"
	// Unknown rests on an absence while events were lost or not recorded.
	Unknown Certainty = "unknown"
)

// Side is one end of a connection, or what is between them.
type Side string

const (
	NoSide    Side = ""
	Client    Side = "client"
	Server    Side = "server"
	Middlebox Side = "middlebox"
)

// Verdict is what one firewall can say of a connection.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	StuckAt Step    `json:"stuckAt,omitempty"`
	// By is who ended or broke it, where that can be told: who closed first; of
	// a reset or refusal, the side that sent it, or a middlebox that sent it in
	// that side's name; of a half-closed connection, the side that never closed;
	// of a stalled one, the side that does not acknowledge; of one without final
	// ACK, the client if it has not even repeated its SYN.
	By        Side      `json:"by,omitempty"`
	Certainty Certainty `json:"certainty"`
	// Doubts are codes that say why it is not certain (see the Doubt
	// constants), and Detail is the kernel's or the packet's own word for the
	// cause: an INVALID text, a drop reason, an ICMP error.
	Doubts []Doubt `json:"doubts,omitempty"`
	Detail string  `json:"detail,omitempty"`
}

// Doubt is a reason why a verdict is not certain.
type Doubt string

const (
	// EventsLost: events of that time were lost.
	EventsLost Doubt = "events-lost"
	// NotRecorded: the recorder was off, filtered or sampled, or not yet on.
	NotRecorded Doubt = "not-recorded"
	// CannotSee: the source of the rows never shows such packets (Azure's flow
	// trace has no SYN and no ACK).
	CannotSee Doubt = "cannot-see"
	// StillOpen: it is told while it hangs, and may yet move.
	StillOpen Doubt = "still-open"
	// Forgotten: the tracker needed the connection's memory.
	Forgotten Doubt = "forgotten"
	// MidStream: its beginning was never seen.
	MidStream Doubt = "mid-stream"
)
