package logs

import (
	"net/netip"

	"github.com/sekisho/sekisho/internal/flow"
)

// originalColumns say what an ICMP error is about: of UDP and others no
// ConnectionId does.
func originalColumns() []column[packet] {
	const doc = " the connection or flow that an ICMP error is about, as its first packet had it before any translation. Absent in all other rows."
	return resting(noTrouble,
		maybeText("OriginalProtocol", "Protocol of"+doc, func(p *packet) (string, bool) {
			about := p.about()
			return about.Protocol.String(), about.IsValid()
		}),
		address("OriginalSourceIp", "Address of the client of"+doc,
			func(p *packet) netip.Addr { return p.about().Source.Addr() }),
		number("OriginalSourcePort", Int, "Port of the client (0 for protocols without ports) of"+doc,
			func(p *packet) (int64, bool) { return port(p.about().Source) }),
		address("OriginalDestinationIp", "Address of the server of"+doc,
			func(p *packet) netip.Addr { return p.about().Dest.Addr() }),
		number("OriginalDestinationPort", Int, "Port of the server (0 for protocols without ports) of"+doc,
			func(p *packet) (int64, bool) { return port(p.about().Dest) }),
	)
}

// aboutNothing is what other packets are about; it never changes.
var aboutNothing flow.Tuple

// about is what an ICMP error is about.
func (p *packet) about() *flow.Tuple {
	if p.ev.Flag != flow.ICMPERROR {
		return &aboutNothing
	}
	return &p.ev.Connection
}

// icmpForms are what an ICMP error says and of which flow, and what became of it.
func icmpForms(e Entry) []string {
	verdict, text := verdictOf(e), stringOf(e, "IcmpError")
	forms := []string{join(" ", verdict, text), text}
	if protocol := stringOf(e, "OriginalProtocol"); protocol != "" {
		server := endpointText(e, "OriginalDestinationIp", "OriginalDestinationPort", 0)
		about := join(" ", text, "about", protocol, endpointText(e, "OriginalSourceIp", "OriginalSourcePort", 0), "→", server)
		forms = append([]string{join(" ", verdict, about), about, join(" ", text, "about", protocol, server)}, forms...)
	}
	return forms
}
