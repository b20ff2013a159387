package capture

import (
	"strings"

	"github.com/sekisho/sekisho/internal/flow"
)

// sentences are the beginnings of what the kernel says, and the code of each
// (net/netfilter/nf_conntrack_proto_tcp.c, Linux 6.4 to 6.18). They are tried
// in order.
var sentences = []struct {
	has  string
	code flow.Reason
}{
	{"invalid new", flow.InvalidNew},
	{"invalid rst", flow.InvalidRST},
	{"invalid tcp flag combination", flow.InvalidFlags},
	{"bad checksum", flow.BadChecksum},
	{"short packet", flow.Truncated},
	{"truncated", flow.Truncated},
	{"SEQ is over", flow.SeqOverWindow},
	{"ACK is over", flow.AckOverWindow},
}

// classify gives the code for the kernel's sentence.
func classify(text string) flow.Reason {
	for _, s := range sentences {
		if strings.HasPrefix(text, s.has) {
			return s.code
		}
	}
	// "packet (index 3) in dir 0 invalid, state SYN_SENT"
	if strings.HasPrefix(text, "packet (index") && strings.Contains(text, " invalid, state ") {
		return flow.InvalidState
	}
	return flow.OtherReason
}
