package logs

import "github.com/sekisho/sekisho/internal/flow"

const networkRuleName = "AZFWNetworkRule"

// NetworkRule is the table AZFWNetworkRule: one row for each decision.
var NetworkRule = newTable(Table{
	Name:        networkRuleName,
	Category:    networkRuleName,
	DisplayName: "Azure Firewall Network Rule",
	Doc: "One row for each packet that the policy decided about: each SYN, retransmitted ones too; " +
		"the first packet of a flow of another protocol; each packet of a connection that a changed policy denies. " +
		"In a flood one row stands for several packets: see Count.",
},
	from(Azure, inEnvelope(timeGenerated())...),
	from(Azure, tuple()...),
	from(Azure, resting(sameDecision,
		text("Action", "Allow or Deny.",
			func(p *packet) string { return p.decision().String() }))...),
	from(Azure, ruleNames()...),
	from(Azure, resting(sameDecision,
		text("ActionReason", "\"Default Action\" where no rule matched, otherwise an empty string.", actionReason))...),
	from(Azure, standard(networkRuleName)...),
	from(Sekisho, ourIdentity()...),
	from(Sekisho, ourHeader()...),
	from(Sekisho, foldColumns()...),
)

func actionReason(p *packet) string {
	if p.rule.IsDefault() {
		return "Default Action"
	}
	return ""
}

// Repeats reports whether a row of [NetworkRule] tells of a packet that has a row of
// [FlowTrace] too. Of a row that was read back only TCP says so: what a changed
// policy denies of other flows has both rows, and the first packet one.
func (r Row) Repeats() bool {
	if r.table != NetworkRule {
		return false
	}
	if p, ok := r.record.(*packet); ok {
		return p.ev.Flag != flow.FlagNone
	}
	return r.Get("Protocol") == flow.TCP.String()
}

// IsDecision reports whether the event is one that the policy was asked about
// itself, not one that follows an earlier decision: these have a row in
// AZFWNetworkRule.
func IsDecision(ev *flow.Event) bool {
	switch ev.Flag {
	case flow.DENIED:
		return true
	case flow.SYN:
		return ev.Action != flow.ActionNone && ev.Direction != flow.Reply
	case flow.FlagNone:
		// The first or denied packet of a protocol without handshake.
		return ev.Action != flow.ActionNone && ev.Direction != flow.Reply && ev.Packet.Protocol != flow.TCP
	}
	return false
}
