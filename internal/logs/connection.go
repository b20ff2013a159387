package logs

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

const connectionName = "Connection"

// Connection is the table Connection: what became of connections. Azure has
// nothing like it.
var Connection = newTable(Table{
	Name:        connectionName,
	Category:    connectionName,
	DisplayName: "Connections",
	Doc: "One row for each TCP connection, with its history and a verdict as far as one firewall can give one: when it ended, was denied, " +
		"hangs in its handshake, or was forgotten for want of memory. What is told while a connection hangs, or before connection tracking " +
		"has told its bytes, is corrected by a later row: Firewall, the tuple and FirstTime name a connection among the rows, the highest Update counts. " +
		"Source is the client, Destination the server.",
},
	from(Azure, inEnvelope(moment("TimeGenerated", "When the row was told, in UTC.",
		func(r *connectionRow) time.Time { return r.Told }))...),
	from(Azure, standardOf(connectionName, func(r *connectionRow) *Source { return r.src })...),
	from(Sekisho, columnsOf(connectionFields)...),
)

// connectionFields are the table's own columns, each with its way back.
var connectionFields = concat(
	identityFields(), restingFields(sameCourse, verdictFields()), timeFields(), restingFields(sameCourse, countFields()), packetFields(),
	zoneFields(), troubleFields(), restingFields(sameRoute, decisionFields()),
)

// connectionRow is what a row of Connection is made from.
type connectionRow struct {
	*flow.Connection
	src *Source
}

// ConnectionRow makes the row of a connection. Neither may change while the row
// is in use.
func ConnectionRow(c *flow.Connection, src *Source) Row {
	return Row{Connection, &connectionRow{c, src}}
}

func identityFields() []twoWay {
	return []twoWay{
		wordField("Firewall", "Short name of the firewall.", func(c *flow.Connection) *string { return &c.Firewall }).resting(sameRoute),
		wordField("ConnectionId", "Id of the connection, 16 hexadecimal digits: the same at every firewall it crosses untranslated. Absent where no packet told it.",
			func(c *flow.Connection) *string { return &c.ID }),
		numberField("Update", Int, "How manieth row about the connection this is, from 1.", func(c *flow.Connection) *int { return &c.Update }).resting(sameCourse),
		maybeNumberField("Alike", Long, "For how many more connections the row stands, which have the same outcome and no row of their own: of many from one client, as a port scan makes them, or of a flood. Absent where it stands for itself.",
			func(c *flow.Connection) *int { return &c.Alike }).resting(sameCourse),
		protocolField().resting(sameRoute),
		addressField("SourceIp", "The client's address.", func(c *flow.Connection) *endpoint { return &c.Tuple.Source }),
		portField("SourcePort", "The client's port.", func(c *flow.Connection) *endpoint { return &c.Tuple.Source }),
		addressField("DestinationIp", "The server's address, as the client knows it.", func(c *flow.Connection) *endpoint { return &c.Tuple.Dest }),
		portField("DestinationPort", "The server's port, as the client knows it.", func(c *flow.Connection) *endpoint { return &c.Tuple.Dest }),
		addressField("TranslatedSourceIp", "The client's address as the server sees it, where the tuple was translated. Source translation is known only at the end.",
			func(c *flow.Connection) *endpoint { return &c.Translated.Source }),
		portField("TranslatedSourcePort", "The client's port as the server sees it, where the tuple was translated.",
			func(c *flow.Connection) *endpoint { return &c.Translated.Source }),
		addressField("TranslatedDestinationIp", "The server's own address, where the tuple was translated.",
			func(c *flow.Connection) *endpoint { return &c.Translated.Dest }),
		portField("TranslatedDestinationPort", "The server's own port, where the tuple was translated.",
			func(c *flow.Connection) *endpoint { return &c.Translated.Dest }),
		wordField("InInterface", "Interface that the first packet came in by.", func(c *flow.Connection) *string { return &c.In }).resting(sameRoute),
		wordField("OutInterface", "Interface that the first packet was to leave by.", func(c *flow.Connection) *string { return &c.Out }).resting(sameRoute),
	}
}

func zoneFields() []twoWay {
	return []twoWay{maybeNumberField("Zone", Int, zoneDoc, func(c *flow.Connection) *uint16 { return &c.Zone }).resting(defaultZone)}
}

func verdictFields() []twoWay {
	return []twoWay{
		wordField("Outcome", "What became of the connection at this firewall: completed, active, opening, denied, refused, unreachable, no-reply, dropped-by-host, reply-bypasses, request-bypasses, no-final-ack, stalled, reset, expired, state-lost, cut, out-of-window, malformed, table-full, half-closed.",
			func(c *flow.Connection) *flow.Outcome { return &c.Verdict.Outcome }),
		wordField("StuckAt", "The step that did not happen: SYN, SYN-ACK, ACK, data, FIN. Absent where nothing is stuck.",
			func(c *flow.Connection) *flow.Step { return &c.Verdict.StuckAt }),
		wordField("By", "Who ended or broke it, where that can be told: client, server, middlebox.",
			func(c *flow.Connection) *flow.Side { return &c.Verdict.By }),
		wordField("Certainty", "How sure that is: certain, likely, unknown.",
			func(c *flow.Connection) *flow.Certainty { return &c.Verdict.Certainty }),
		doubtsField(),
		wordField("Detail", "The kernel's or the packet's own word for the cause.", func(c *flow.Connection) *string { return &c.Verdict.Detail }),
		wordField("EndReason", "How it ended: fin, rst, denied, policy (a change of it), timeout (connection tracking forgot it while it was open), unseen (connection tracking does not know it any more: it was closed by packets that never came to the forward hook, as other rules drop them before it or there is no route for them), replaced (its ports have a new connection), evicted (its memory was needed), stopped (the firewall's process ended). Absent while it has not.",
			func(c *flow.Connection) *flow.EndReason { return &c.End }),
		wordField("History", "Its events in order, in letters: upper case from the client, lower case from the server. S SYN, H SYN-ACK, A ACK, F FIN, R RST, T data sent again, I INVALID, C bad checksum, Q impossible flags, W above the window, X denied, E ICMP error, K dropped by the kernel; ^ the client is a guess, . connection tracking forgot it, + more. What repeats itself is written the 1st, 2nd, 4th, 8th time.",
			func(c *flow.Connection) *string { return &c.History }),
		numberField("Events", Long, "Events that were folded into the row, those of the connections alike included.",
			func(c *flow.Connection) *int { return &c.Events }),
	}
}

func decisionFields() []twoWay {
	asked := func(at func(*flow.Decision) *string) func(*flow.Connection) *string {
		return func(c *flow.Connection) *string {
			if c.Decision.Action == flow.ActionNone {
				return nil
			}
			return at(&c.Decision)
		}
	}
	return []twoWay{
		actionField(),
		textField("Policy", "Firewall policy in force when it was decided.", asked(func(d *flow.Decision) *string { return &d.Policy })),
		textField("PolicyRevision", "Its revision.", asked(func(d *flow.Decision) *string { return &d.Revision })),
		textField("RuleCollectionGroup", "Rule collection group that holds the rule; an empty string where the default action decided.",
			asked(func(d *flow.Decision) *string { return &d.Group })),
		textField("RuleCollection", "Rule collection that holds the rule; an empty string where the default action decided.",
			asked(func(d *flow.Decision) *string { return &d.Collection })),
		textField("Rule", "Rule that decided; an empty string where the default action did.",
			asked(func(d *flow.Decision) *string { return &d.Rule })),
	}
}

func (*connectionRow) groundsOf(rows []*connectionRow) grounds {
	shared := sameSource | noTrouble | defaultZone
	for _, r := range rows {
		if r.Zone != 0 {
			shared &^= defaultZone
		}
		if r.src != rows[0].src {
			shared &^= sameSource
		}
		if r.troubled() {
			shared &^= noTrouble
		}
	}
	return shared
}

func (r *connectionRow) troubled() bool { return r.Invalid != nil || r.ICMP != nil || r.Drop != nil }

func (*connectionRow) footingOf(r *connectionRow) footing {
	var on footing
	if !r.troubled() {
		on.holds |= noTrouble
	}
	if r.Zone == 0 {
		on.holds |= defaultZone
	}
	return on
}
