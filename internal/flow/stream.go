package flow

// Stream is how far one direction of a TCP connection has come, by conntrack's
// window tracking (net/netfilter/nf_conntrack_proto_tcp.c). It counts in
// sequence numbers (RFC 9293, section 3.4): one for each byte of data, one for
// a SYN, one for a FIN.
type Stream struct {
	// Known says that the other direction has acknowledged something since the
	// SYN. Without it, Sent and Unacked are 0 and mean nothing.
	Known bool
	// Sent is the number after the highest one sent. The direction's data since
	// the handshake has Sent - ISN - 1 bytes (modulo 2^32), one less after a
	// FIN; ISN is the sequence number of its SYN or SYN-ACK.
	Sent uint32
	// Unacked is how many of the numbers sent nobody has acknowledged yet:
	// SND.NXT - SND.UNA.
	Unacked uint32
}
