package flow

// The codes of packets that conntrack ignored: they belong to their connection
// and were forwarded, and conntrack's idea of the connection stayed as it was.
// The sentences are those of net/netfilter/nf_conntrack_proto_tcp.c as of Linux
// 6.18.
const (
	// SeqUnderWindow: data that was acknowledged long ago comes once more:
	// "SEQ is under lower bound ...".
	SeqUnderWindow Reason = "SEQ_UNDER_WINDOW"
	// AckUnderWindow: an acknowledgement that comes far too late: "ignored ACK
	// under lower bound ...".
	AckUnderWindow Reason = "ACK_UNDER_WINDOW"
	// SeqBeyondWindow: somewhat more data than the receiver had room for, which
	// it may take all the same: "... bytes more than expected".
	SeqBeyondWindow Reason = "SEQ_BEYOND_WINDOW"
	// IgnoredState: a packet that says that the two ends are in another state
	// than conntrack believes, as a SYN on a live connection: "packet (index 0)
	// in dir 0 ignored, state ESTABLISHED".
	IgnoredState Reason = "IGNORED_STATE"
	// ChallengeAck: an answer to a SYN that was out of place (RFC 5961, section
	// 4), which is not the acknowledgement of a FIN: "challenge-ack ignored".
	ChallengeAck Reason = "CHALLENGE_ACK"
)

// IgnoredReasons lists the codes that an IGNORED event can have.
func IgnoredReasons() []Reason {
	return []Reason{SeqUnderWindow, AckUnderWindow, SeqBeyondWindow, IgnoredState, ChallengeAck}
}
