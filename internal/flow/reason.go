package flow

// Reason says why conntrack calls a packet INVALID: a fixed set of codes, so
// that queries need not match the kernel's sentences, which change.
type Reason string

// The reasons. The kernel's sentences are those of
// net/netfilter/nf_conntrack_proto_tcp.c as of Linux 6.18.
const (
	// NoReason is that of a packet which is not INVALID.
	NoReason Reason = ""
	// NoState: a packet from the middle of a connection that conntrack does
	// not know. The kernel has no sentence for it.
	NoState Reason = "NO_STATE"
	// InvalidNew: a packet that cannot open a connection (a SYN-ACK, a RST)
	// and belongs to none: "invalid new".
	InvalidNew Reason = "INVALID_NEW"
	// InvalidState: the connection is known, but not in a state in which this
	// packet can come: "packet (index 3) in dir 0 invalid, state SYN_SENT".
	InvalidState Reason = "INVALID_STATE"
	// InvalidRST: a RST outside the window, or for a connection that ended:
	// "invalid rst".
	InvalidRST Reason = "INVALID_RST"
	// SeqOverWindow: a sequence number above the window: "SEQ is over ...".
	SeqOverWindow Reason = "SEQ_OVER_WINDOW"
	// AckOverWindow acknowledges what never passed here: "ACK is over ...".
	AckOverWindow Reason = "ACK_OVER_WINDOW"
	// BadChecksum: "bad checksum".
	BadChecksum Reason = "BAD_CHECKSUM"
	// InvalidFlags: an impossible combination such as SYN and FIN: "invalid
	// tcp flag combination".
	InvalidFlags Reason = "INVALID_FLAGS"
	// Truncated: the packet ends within its TCP header, or the header's
	// length is impossible: "short packet", "truncated/malformed packet".
	Truncated Reason = "TRUNCATED"
	// OtherReason: a sentence that is none of these.
	OtherReason Reason = "OTHER"
	// UnknownReason: nobody listened to the kernel at that moment, or its
	// sentence was lost.
	UnknownReason Reason = "UNKNOWN"
)

// Reasons lists the codes that an INVALID event can have.
func Reasons() []Reason {
	return []Reason{NoState, InvalidNew, InvalidState, InvalidRST, SeqOverWindow, AckOverWindow,
		BadChecksum, InvalidFlags, Truncated, OtherReason, UnknownReason}
}
