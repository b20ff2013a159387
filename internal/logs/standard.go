package logs

import "github.com/sekisho/sekisho/internal/flow"

// standard are the columns that every Azure table ends with.
func standard(table string) []column[packet] {
	return resting(sameSource, inEnvelope(
		resourceID("_ResourceId", "Resource id of the firewall, in lower case.",
			func(p *packet) string { return p.src.ResourceID }),
		word("_SubscriptionId", "Subscription of the firewall.",
			func(p *packet) string { return p.src.SubscriptionID }),
		text("SourceSystem", "What collected the row: always \"Sekisho\".",
			func(*packet) string { return "Sekisho" }),
		word("TenantId", "Id of the workspace that keeps the row.",
			func(p *packet) string { return p.src.TenantID }),
		text("Type", "Name of the table.",
			func(*packet) string { return table }),
		hidden(unfilled[packet]("_BilledSize", Real, "Size of the row in bytes. The workspace fills it; a firewall leaves it empty.")),
		hidden(unfilled[packet]("_IsBillable", String, "Whether keeping the row is billed. The workspace fills it; a firewall leaves it empty.")),
	)...)
}

// ourIdentity are our columns, of both tables, that say which firewall, which
// connection and which way.
func ourIdentity() []column[packet] {
	return []column[packet]{
		resting(sameSource, word("Firewall", "Short name of the firewall.",
			func(p *packet) string { return p.src.Firewall }))[0],
		word("ConnectionId", "Id of the connection, 16 hexadecimal digits: the same at every firewall it crosses untranslated, another one when its ports are used again. Absent where it cannot be known.",
			func(p *packet) string { return p.ev.ConnectionID }),
		resting(sameCourse, word("Direction", "original (the way of the connection's first packet) or reply. Absent where the firewall knows no connection for the packet.",
			func(p *packet) string { return p.ev.Direction.String() }))[0],
	}
}

// ourHeader are our columns, of both tables, from the packet's headers and of
// the policy in force.
func ourHeader() []column[packet] {
	return []column[packet]{
		ofTrouble(number("SequenceNumber", Long, "TCP sequence number, as on the packet.",
			func(p *packet) (int64, bool) { return p.inHeader(int64(p.ev.Seq)) })),
		ofTrouble(number("AcknowledgementNumber", Long, "TCP acknowledgement number; absent where the packet acknowledges nothing (ACK is not set).",
			func(p *packet) (int64, bool) { return int64(p.ev.Ack), p.ev.TCPFlags&flow.BitACK != 0 })),
		resting(sameCourse, number("Ttl", Int, "Time to live (IPv6: hop limit) that the packet had left when it was forwarded: another value in the same direction tells of another path.",
			func(p *packet) (int64, bool) { return int64(p.ev.TTL), p.ev.TTL != 0 }))[0],
		resting(noTrouble, number("IcmpCode", Int, "Code of an ICMP or ICMPv6 packet; its type is in the column Protocol.",
			func(p *packet) (int64, bool) { return int64(p.ev.ICMPCode), p.ev.Packet.Protocol.IsICMP() }))[0],
		resting(sameDecision, word("PolicyRevision", "Revision of the policy in force; also known where the default action decided.",
			func(p *packet) string { return p.rule.Revision }))[0],
	}
}

// ofTrouble is a column that is kept only with packets that are no plain step
// of a connection. Its values are random: kept with every packet, sequence and
// acknowledgement number and the IPv4 identification would take as much room as
// all other columns together, and of a plain step nobody asks for them.
func ofTrouble(c column[packet]) column[packet] {
	c.kept = func(p *packet) bool { return p.ev.Flag != flow.FlagNone && !p.isStep() }
	c.rests = noTrouble
	c.Doc += " A workspace keeps it only for the flags RST, INVALID, IGNORED, RETRANS, DENIED and ICMP-ERROR."
	return c
}

// isStep reports whether the packet is a plain step of a connection.
func (p *packet) isStep() bool {
	switch p.ev.Flag {
	case flow.SYN, flow.SYNACK, flow.ACK, flow.FIN, flow.FINACK:
		return true
	}
	return false
}

func (*packet) groundsOf(packets []*packet) grounds {
	shared := sameSource | noTrouble | defaultZone
	for _, p := range packets {
		if p.ev.Zone != 0 {
			shared &^= defaultZone
		}
		if p.src != packets[0].src {
			shared &^= sameSource
		}
		if !p.isStep() || p.ev.Packet.Protocol != flow.TCP || p.several() {
			shared &^= noTrouble
		}
	}
	return shared
}

// footingOf: without trouble is here more than a plain step, namely all of TCP but
// what the columns that rest on it are about.
func (*packet) footingOf(p *packet) footing {
	on := footing{sameSource, p.src, p.rule, p.ev.Rule, p.decision()}
	if p.ev.Zone == 0 {
		on.holds |= defaultZone
	}
	switch p.ev.Flag {
	case flow.INVALID, flow.IGNORED, flow.ICMPERROR:
		return on
	}
	on.holds |= sameDecision
	if p.ev.Packet.Protocol == flow.TCP && !p.several() {
		on.holds |= noTrouble
	}
	return on
}
