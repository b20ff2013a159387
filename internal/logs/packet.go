package logs

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// packet is what the rows of one event are made from.
type packet struct {
	ev   *flow.Event
	src  *Source
	rule *Rule
	fold Fold
}

// decision is what the policy decided about the packet. A packet that
// conntrack calls INVALID never came before the policy; what it decided about
// an ignored one, the kernel's sentence does not tell.
func (p *packet) decision() flow.Action {
	switch p.ev.Flag {
	case flow.INVALID, flow.IGNORED:
		return flow.ActionNone
	case flow.DENIED:
		return flow.Deny
	}
	return p.ev.Action
}

// verdict is what became of the packet; empty where nobody asked the policy.
func (p *packet) verdict() string {
	if p.ev.Flag == flow.INVALID && !p.src.OnlyObserved {
		return "Drop"
	}
	return p.decision().String()
}

// ruleName returns one of the rule's names: empty, as Azure has it, where the
// default action decided; absent where nothing was decided.
func (p *packet) ruleName(name string) (string, bool) {
	if p.rule.IsDefault() {
		name = ""
	}
	return name, p.decision() != flow.ActionNone
}

// reason is why the packet has that flag, by its code.
func (p *packet) reason(flag flow.Flag) string {
	if p.ev.Flag != flag {
		return ""
	}
	return string(p.ev.Reason)
}

// sentence is what the kernel says of a packet with that flag.
func (p *packet) sentence(flag flow.Flag) string {
	if p.ev.Flag != flag {
		return ""
	}
	return p.ev.ReasonText
}

// hasTCPHeader reports whether the header's numbers were read. Of a packet
// that ends within its header they are zero, which is no sequence number.
func (p *packet) hasTCPHeader() bool {
	return p.ev.Packet.Protocol == flow.TCP && (p.ev.Reason != flow.Truncated || p.ev.TCPFlags != 0)
}

func (p *packet) inHeader(n int64) (int64, bool) { return n, p.hasTCPHeader() }

func timeGenerated() column[packet] {
	return moment("TimeGenerated", "When the packet crossed the firewall, in UTC.",
		func(p *packet) time.Time { return p.ev.Time })
}

// tuple are the columns of the packet's own 5-tuple: of a SYN-ACK, the server
// is the source.
func tuple() []column[packet] {
	return []column[packet]{
		resting(noTrouble, text("Protocol", "Network protocol: TCP, UDP, \"ICMP Type=8\", \"ICMPv6 Type=128\", or the IANA number of another.",
			protocolText))[0],
		address("SourceIp", "Address of the packet's sender, IPv6 in the short form of RFC 5952.",
			func(p *packet) netip.Addr { return p.ev.Packet.Source.Addr() }),
		number("SourcePort", Int, "Port of the packet's sender; 0 for protocols without ports.",
			func(p *packet) (int64, bool) { return port(p.ev.Packet.Source) }),
		address("DestinationIp", "Address the packet goes to, as it stood on the packet when it was forwarded.",
			func(p *packet) netip.Addr { return p.ev.Packet.Dest.Addr() }),
		number("DestinationPort", Int, "Port the packet goes to; 0 for protocols without ports.",
			func(p *packet) (int64, bool) { return port(p.ev.Packet.Dest) }),
	}
}

func protocolText(p *packet) string { return protocolName(p.ev.Packet.Protocol, p.ev.ICMPType) }

// protocolName carries an ICMP packet's type, as Azure's logs do.
func protocolName(protocol flow.Protocol, icmpType uint8) string {
	if !protocol.IsICMP() {
		return protocol.String()
	}
	if protocol == flow.ICMPv6 {
		return icmpNames[1][icmpType]
	}
	return icmpNames[0][icmpType]
}

// icmpNames are the protocols of ICMP and ICMPv6 packets by their type: made
// once, because a name is joined from its parts.
var icmpNames = func() (names [2][256]string) {
	for i, p := range []flow.Protocol{flow.ICMP, flow.ICMPv6} {
		for n := range names[i] {
			names[i][n] = p.String() + " Type=" + strconv.Itoa(n)
		}
	}
	return names
}()

func port(a netip.AddrPort) (int64, bool) { return int64(a.Port()), a.IsValid() }

// ruleNames are the four columns that name the rule; the network rule table
// has them from Azure, the flow trace table from us.
func ruleNames() []column[packet] {
	return resting(sameDecision,
		maybeText("Policy", "Firewall policy that holds the rule; an empty string where the default action decided.",
			func(p *packet) (string, bool) { return p.ruleName(p.rule.Policy) }),
		maybeText("RuleCollectionGroup", "Rule collection group that holds the rule; an empty string where the default action decided.",
			func(p *packet) (string, bool) { return p.ruleName(p.rule.Group) }),
		maybeText("RuleCollection", "Rule collection that holds the rule; an empty string where the default action decided.",
			func(p *packet) (string, bool) { return p.ruleName(p.rule.Collection) }),
		maybeText("Rule", "Rule that decided about the connection; an empty string where the default action did.",
			func(p *packet) (string, bool) { return p.ruleName(p.rule.Name) }),
	)
}
