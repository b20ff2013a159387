package logs

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/flow"
)

const flowTraceName = "AZFWFlowTrace"

// FlowTrace is the table AZFWFlowTrace: one row for each step of a connection.
var FlowTrace = newTable(Table{
	Name:        flowTraceName,
	Category:    flowTraceName,
	DisplayName: "Azure Firewall Flow Trace Log",
	Doc: "One row for each TCP packet that is a step of a connection: SYN, SYN-ACK, the ACK that completes the handshake, " +
		"FIN, FIN-ACK, RST; for data that is sent again without an answer (RETRANS: the first repeat, the second, the fourth and so on); " +
		"for each ICMP error about a connection; for each packet that is INVALID or, in mid-connection, DENIED; " +
		"and for packets that connection tracking ignored and let pass (IGNORED). " +
		"Source and destination are those of that packet. In a flood one row stands for several packets: see Count.",
},
	from(Azure, inEnvelope(timeGenerated())...),
	from(Azure, tuple()...),
	from(Azure, resting(sameSource,
		text("Action", "Always \"Log\"; the column Verdict says what became of the packet.",
			func(*packet) string { return "Log" }),
		text("ActionReason", "Always \"Additional TCP Log\".",
			func(*packet) string { return "Additional TCP Log" }))...),
	from(Azure, resting(sameCourse,
		text("Flag", "What the packet is in its connection: SYN-ACK, FIN, FIN-ACK, RST or INVALID; and, beyond Azure, SYN, ACK, RETRANS, IGNORED, DENIED or ICMP-ERROR.",
			func(p *packet) string { return p.ev.Flag.String() }))...),
	from(Azure, standard(flowTraceName)...),
	from(Sekisho, ourIdentity()...),
	from(Sekisho, resting(noTrouble,
		word("InvalidReason", "Why connection tracking calls the packet INVALID: a code of a fixed set.",
			func(p *packet) string { return p.reason(flow.INVALID) }),
		word("InvalidText", "The kernel's own sentence about the INVALID packet; absent where it gave none.",
			func(p *packet) string { return p.sentence(flow.INVALID) }))...),
	from(Sekisho, ourHeader()...),
	from(Sekisho, resting(noTrouble,
		word("IcmpError", "What an ICMP error says, in words (\"host unreachable\"); its sender is the row's source. What it is about is in the columns Original…; a connection of TCP has the row's ConnectionId too.",
			icmpError))...),
	from(Sekisho, resting(sameDecision,
		word("Verdict", "What became of the packet at this firewall: Allow, Deny (by the policy) or Drop (INVALID).",
			(*packet).verdict))...),
	from(Sekisho, ruleNames()...),
	from(Sekisho, resting(sameDecision,
		number("RuleNumber", Long, "Number of the rule in the compiled policy of that revision; 0 for the default action.",
			func(p *packet) (int64, bool) { return int64(p.ev.Rule), p.decision() != flow.ActionNone }))...),
	from(Sekisho, tcpColumns()...),
	from(Sekisho, streamColumns()...),
	from(Sekisho, wayColumns()...),
	from(Sekisho, resting(defaultZone,
		number("Zone", Int, zoneDoc, func(p *packet) (int64, bool) { return int64(p.ev.Zone), p.ev.Zone != 0 }))...),
	from(Sekisho, resting(noTrouble, ignoredColumns()...)...),
	from(Sekisho, foldColumns()...),
	from(Sekisho, originalColumns()...),
)

// zoneDoc is of both tables that have the column.
const zoneDoc = "Connection tracking's zone of the connection: in another one there may be a connection with the same addresses and ports. " +
	"Absent in the default zone, where most hosts have all, and where it is not known."

func icmpError(p *packet) string {
	if p.ev.Flag != flow.ICMPERROR {
		return ""
	}
	return flow.ICMPText(p.ev.Packet.Protocol, p.ev.ICMPType, p.ev.ICMPCode)
}

// tcpFlagTexts are the 256 values of the column TcpFlags: made once, because
// the name of a combination is joined from its parts.
var tcpFlagTexts = func() (texts [256]string) {
	for i := range texts {
		texts[i] = flow.TCPFlags(i).String()
	}
	return texts
}()

func tcpColumns() []column[packet] {
	return []column[packet]{
		resting(sameCourse, maybeText("TcpFlags", "Control bits of the TCP header, as in \"SYN|ACK\".",
			func(p *packet) (string, bool) { return tcpFlagTexts[p.ev.TCPFlags], p.hasTCPHeader() }))[0],
		resting(sameCourse, word("TcpState", "State of the connection after the packet, by connection tracking's names (SYN_SENT, SYN_RECV, ESTABLISHED, ...).",
			func(p *packet) string { return p.ev.State.String() }))[0],
		number("Window", Int, "TCP window, as on the packet (not scaled).",
			func(p *packet) (int64, bool) { return p.inHeader(int64(p.ev.Window)) }),
		number("Mss", Int, "Maximum segment size that the packet offers, in bytes; absent without this option.",
			func(p *packet) (int64, bool) { return int64(p.ev.MSS), p.ev.MSS != 0 }),
		number("PayloadLength", Int, "Bytes after the TCP header.",
			func(p *packet) (int64, bool) { return p.inHeader(int64(p.ev.Payload)) }),
		ofTrouble(number("IpId", Int, "Identification of the IPv4 header; absent for IPv6.",
			func(p *packet) (int64, bool) { return int64(p.ev.IPID), p.ev.Packet.Source.Addr().Unmap().Is4() })),
	}
}

// streamColumns say how far the connection has come each way.
func streamColumns() []column[packet] {
	const doc = "How much the %s has sent that the other side has not acknowledged, this packet counted in: one for each byte of data, and one for a FIN. " +
		"Absent before the other side's first acknowledgement, and where connection tracking knows no connection."
	unacked := func(s flow.Stream) (int64, bool) { return int64(s.Unacked), s.Known }
	return []column[packet]{
		number("UnackedOriginal", Long, fmt.Sprintf(doc, "client (the connection's original direction)"),
			func(p *packet) (int64, bool) { return unacked(p.ev.OriginalStream) }),
		number("UnackedReply", Long, fmt.Sprintf(doc, "server (the reply direction)"),
			func(p *packet) (int64, bool) { return unacked(p.ev.ReplyStream) }),
	}
}

// ignoredColumns are of their own, not those of INVALID packets: nothing is
// wrong with an ignored one.
func ignoredColumns() []column[packet] {
	return []column[packet]{
		word("IgnoredReason", "Why connection tracking ignored the packet, which passed: a code of a fixed set.",
			func(p *packet) string { return p.reason(flow.IGNORED) }),
		word("IgnoredText", "The kernel's own sentence about the IGNORED packet.",
			func(p *packet) string { return p.sentence(flow.IGNORED) }),
	}
}

// wayColumns say through which interfaces the packet went, and which event it
// was.
func wayColumns() []column[packet] {
	numbered := func(p *packet) bool { return p.ev.Number.Seq != 0 }
	return []column[packet]{
		resting(sameCourse, word("InInterface", "Interface the packet came in by; in a VRF the member, not the VRF's own.",
			func(p *packet) string { return p.ev.In }))[0],
		resting(sameCourse, word("OutInterface", "Interface the packet was to leave by.",
			func(p *packet) string { return p.ev.Out }))[0],
		resting(sameCourse, word("EventBoot", "Boot id of the firewall's host. Boot, CPU and number together name an event for ever.",
			func(p *packet) string { return p.ev.Number.Boot }))[0],
		number("EventCpu", Int, "CPU that recorded the event.",
			func(p *packet) (int64, bool) { return int64(p.ev.Number.CPU), numbered(p) }),
		number("EventNumber", Long, "The how manieth event of that CPU since that boot, from 1: a gap is a loss.",
			func(p *packet) (int64, bool) { return int64(p.ev.Number.Seq), numbered(p) }),
	}
}
