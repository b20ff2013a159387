package logs

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

func timeFields() []twoWay {
	return []twoWay{
		momentField("FirstTime", "When its first event came.", func(c *flow.Connection) *time.Time { return &c.First }),
		momentField("LastTime", "When its last event came.", func(c *flow.Connection) *time.Time { return &c.Last }),
		momentField("SynTime", "Time of the first SYN.", func(c *flow.Connection) *time.Time { return &c.SYN }),
		momentField("SynAckTime", "Time of the first SYN-ACK.", func(c *flow.Connection) *time.Time { return &c.SYNACK }),
		momentField("AckTime", "Time of the first ACK that completes the handshake.", func(c *flow.Connection) *time.Time { return &c.ACK }),
		momentField("FinTime", "Time of the first FIN.", func(c *flow.Connection) *time.Time { return &c.FIN }),
		momentField("FinAckTime", "Time of the other side's first FIN.", func(c *flow.Connection) *time.Time { return &c.FINACK }),
		momentField("RstTime", "Time of the RST.", func(c *flow.Connection) *time.Time { return &c.RST }),
		momentField("ForgottenTime", "When connection tracking forgot the connection, as it told. Of one that was closed or reset it is asked only with capture.accounting, and for some minutes after events were lost.", func(c *flow.Connection) *time.Time { return &c.Forgotten }),
		derivedField("ServerMicroseconds", "The server's part of the handshake: from the first SYN to the first SYN-ACK, as seen here, in microseconds.",
			func(c *flow.Connection) (int64, bool) { return between(c.SYN, c.SYNACK) }),
		derivedField("ClientMicroseconds", "The client's part of the handshake: from the first SYN-ACK to the first ACK, as seen here, in microseconds.",
			func(c *flow.Connection) (int64, bool) { return between(c.SYNACK, c.ACK) }),
		durationField("IdleMilliseconds", "Silence before the packet that found connection tracking without the connection: since the last event, as packets of data are none.",
			func(c *flow.Connection) *time.Duration { return &c.Idle }),
		durationField("TimeoutMilliseconds", "Connection tracking's timeout that was in force then.",
			func(c *flow.Connection) *time.Duration { return &c.Timeout }),
	}
}

// between is the time from one step to the next, where both were seen.
func between(from, to time.Time) (int64, bool) {
	return to.Sub(from).Microseconds(), !from.IsZero() && !to.IsZero()
}

func countFields() []twoWay {
	number := func(name, doc string, at func(*flow.Connection) *int) twoWay { return numberField(name, Long, doc, at) }
	return []twoWay{
		number("SynCount", "SYNs, repeats included.", func(c *flow.Connection) *int { return &c.SYNs }),
		number("SynAckCount", "SYN-ACKs, repeats included.", func(c *flow.Connection) *int { return &c.SYNACKs }),
		number("AckCount", "ACKs that complete the handshake: one for each SYN-ACK.", func(c *flow.Connection) *int { return &c.ACKs }),
		number("ClientFinCount", "FINs of the client.", func(c *flow.Connection) *int { return &c.FINs[flow.FromClient] }),
		number("ServerFinCount", "FINs of the server.", func(c *flow.Connection) *int { return &c.FINs[flow.FromServer] }),
		number("ClientRstCount", "RSTs of the client.", func(c *flow.Connection) *int { return &c.RSTs[flow.FromClient] }),
		number("ServerRstCount", "RSTs of the server.", func(c *flow.Connection) *int { return &c.RSTs[flow.FromServer] }),
		number("ClientRetransmitCount", "Segments of data that the client sent again with nothing in between; of many repeats of one segment, the 1st, 2nd, 4th, 8th and so on.",
			func(c *flow.Connection) *int { return &c.Retransmits[flow.FromClient] }),
		number("ServerRetransmitCount", "The same of the server.", func(c *flow.Connection) *int { return &c.Retransmits[flow.FromServer] }),
		number("InvalidCount", "INVALID packets.", func(c *flow.Connection) *int { return &c.Invalids }),
		number("DeniedCount", "Packets that the policy denied.", func(c *flow.Connection) *int { return &c.Denials }),
		number("IcmpErrorCount", "ICMP errors about the connection.", func(c *flow.Connection) *int { return &c.ICMPErrors }),
	}
}

func packetFields() []twoWay {
	counter := func(name, doc string, at func(*flow.Counters) *uint64) twoWay {
		return numberField(name, Long, doc, func(c *flow.Connection) *uint64 {
			if c.Counters == nil {
				return nil
			}
			return at(c.Counters)
		})
	}
	unacked := func(name, doc string, way flow.Way) twoWay {
		return numberField(name, Long, doc, func(c *flow.Connection) *uint32 {
			if !c.UnackedKnown {
				return nil
			}
			return &c.Unacked[way]
		})
	}
	const byEnd = " Connection tracking tells it when it forgets the connection; absent before, and where it does not count (capture.accounting)."
	return []twoWay{
		counter("ClientPackets", "Packets of the client."+byEnd, func(c *flow.Counters) *uint64 { return &c.Packets[flow.FromClient] }),
		counter("ServerPackets", "Packets of the server."+byEnd, func(c *flow.Counters) *uint64 { return &c.Packets[flow.FromServer] }),
		counter("ClientBytes", "Bytes of the client's IP packets."+byEnd, func(c *flow.Counters) *uint64 { return &c.Bytes[flow.FromClient] }),
		counter("ServerBytes", "Bytes of the server's IP packets."+byEnd, func(c *flow.Counters) *uint64 { return &c.Bytes[flow.FromServer] }),
		unacked("UnackedClient", "Bytes that the client had sent and the server had not acknowledged, at the last event that tells.", flow.FromClient),
		unacked("UnackedServer", "Bytes that the server had sent and the client had not acknowledged, at the last event that tells.", flow.FromServer),
		maybeNumberField("RetransmitLength", Int, "Bytes of data in the last segment that was sent again.", func(c *flow.Connection) *uint16 { return &c.RetransmitSize }),
		maybeNumberField("ClientMss", Int, "Maximum segment size that the client offered.", func(c *flow.Connection) *uint16 { return &c.MSS[flow.FromClient] }),
		maybeNumberField("ServerMss", Int, "Maximum segment size that the server offered.", func(c *flow.Connection) *uint16 { return &c.MSS[flow.FromServer] }),
		maybeNumberField("ClientTtl", Int, "Time to live of the client's first packet.", func(c *flow.Connection) *uint8 { return &c.TTL[flow.FromClient] }),
		maybeNumberField("ServerTtl", Int, "Time to live of the server's first packet that is no RST.", func(c *flow.Connection) *uint8 { return &c.TTL[flow.FromServer] }),
		maybeNumberField("RstTtl", Int, "Time to live of the RST: another one than its side's tells of somebody in between.", func(c *flow.Connection) *uint8 { return &c.RSTTTL }),
		maybeNumberField("SynTtlMin", Int, "Lowest time to live of its SYNs: far below the highest, it is a routing loop.", func(c *flow.Connection) *uint8 { return &c.SYNTTL[0] }),
		maybeNumberField("SynTtlMax", Int, "Highest time to live of its SYNs.", func(c *flow.Connection) *uint8 { return &c.SYNTTL[1] }),
	}
}
