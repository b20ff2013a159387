package tracker

// facts are what is known of a connection beside the numbers.
type facts uint32

const (
	hasISN facts = 1 << iota
	// guessed: which side the client is, is a guess.
	guessed
	// pending: a SYN on a connection that is alive; it may come to nothing.
	pending
	// allowed, forbidden: what the policy did with its SYNs.
	allowed
	forbidden
	// cutOff: denied in the middle.
	cutOff
	// closed: it ended, and what comes later changes no verdict.
	closed
	// finClient and finServer: that side has closed.
	finClient
	finServer
	// refusal: its RST can only be the answer to its SYN.
	refusal
	// goesOn: the server has more to say than SYN-ACK.
	goesOn
	// unackedKnown: what was not acknowledged is known.
	unackedKnown
	// malformedPacket: a packet was malformed.
	malformedPacket
	// acked: the client acknowledged a SYN-ACK that never passed.
	acked
	// answeredAround: a SYN-ACK came, INVALID, to a SYN that never passed.
	answeredAround
	// gone: a packet found that conntrack did not know it any more.
	gone
	// goneAnswer: that packet was a SYN-ACK.
	goneAnswer
	// unlooked: its SYN is INVALID, and the kernel has not said why: nobody had
	// asked conntrack to look at it.
	unlooked
	// silent: no byte has passed between the last event and that packet.
	silent
	// expiredByTimeout, deletedBefore: conntrack forgot it because of its timeout; before.
	expiredByTimeout
	deletedBefore
	// hardError: an ICMP error that ends an attempt.
	hardError
	// portless: its packet was dropped with another source, so that it is told
	// by its destination and its time only.
	portless
	// folded: it is told with others.
	folded
	// counted: it is in the statistics by outcome.
	counted
	// accounted: conntrack has counted its packets and bytes.
	accounted
)

func (c *entry) is(f facts) bool { return c.facts&f == f }
func (c *entry) set(f facts)     { c.facts |= f }
func (c *entry) unset(f facts)   { c.facts &^= f }
