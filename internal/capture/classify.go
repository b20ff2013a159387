package capture

import (
	"strings"

	"github.com/sekisho/sekisho/internal/flow"
)

// about is what became of a packet that conntrack says something about.
type about uint8

const (
	// aboutInvalid: it belongs to no connection (-NF_ACCEPT): its event has the
	// flag INVALID.
	aboutInvalid about = iota
	// aboutIgnored: it belongs to its connection, of which it changed nothing
	// (NF_ACCEPT).
	aboutIgnored
	// aboutNothing: a remark about a packet that has another text.
	aboutNothing
)

// sentences are the beginnings of what the kernel says, and the code of each
// (net/netfilter/nf_conntrack_proto_tcp.c, Linux 6.4 to 6.18). They are tried
// in order.
var sentences = []struct {
	has   string
	code  flow.Reason
	about about
}{
	{"invalid new", flow.InvalidNew, aboutInvalid},
	{"invalid rst", flow.InvalidRST, aboutInvalid},
	{"invalid tcp flag combination", flow.InvalidFlags, aboutInvalid},
	{"bad checksum", flow.BadChecksum, aboutInvalid},
	{"short packet", flow.Truncated, aboutInvalid},
	{"truncated", flow.Truncated, aboutInvalid},
	{"SEQ is over", flow.SeqOverWindow, aboutInvalid},
	{"ACK is over", flow.AckOverWindow, aboutInvalid},
	{"SEQ is under", flow.SeqUnderWindow, aboutIgnored},
	{"ignored ACK under", flow.AckUnderWindow, aboutIgnored},
	{"challenge-ack ignored", flow.ChallengeAck, aboutIgnored},
}

// classify gives the code for the kernel's sentence, and what it is about.
func classify(text string) (flow.Reason, about) {
	for _, s := range sentences {
		if strings.HasPrefix(text, s.has) {
			return s.code, s.about
		}
	}
	switch packet := strings.HasPrefix(text, "packet (index "); {
	// "packet (index 3) in dir 0 invalid, state SYN_SENT"
	case packet && strings.Contains(text, " invalid, state "):
		return flow.InvalidState, aboutInvalid
	// "packet (index 0) in dir 0 ignored, state ESTABLISHED"
	case packet && strings.Contains(text, " ignored, state "):
		return flow.IgnoredState, aboutIgnored
	// "packet (index 4, dir 1) response for index 2 lower timeout to 300"
	case packet && strings.Contains(text, " lower timeout to "):
		return flow.NoReason, aboutNothing
	// "12 bytes more than expected"
	case strings.HasSuffix(text, " bytes more than expected"):
		return flow.SeqBeyondWindow, aboutIgnored
	}
	return flow.OtherReason, aboutInvalid
}
