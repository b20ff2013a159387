package logs

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// in is where a value lives within a part that few connections have.
func in[P, T any](part func(*flow.Connection) *P, at func(*P) *T) func(*flow.Connection) *T {
	return func(c *flow.Connection) *T {
		if p := part(c); p != nil {
			return at(p)
		}
		return nil
	}
}

func theInvalid(c *flow.Connection) *flow.InvalidPacket { return c.Invalid }
func theICMP(c *flow.Connection) *flow.ICMPNote         { return c.ICMP }
func theDrop(c *flow.Connection) *flow.Drop             { return c.Drop }

// troubleFields are the first INVALID packet, the first ICMP error and the last
// drop.
func troubleFields() []twoWay {
	return restingFields(noTrouble, []twoWay{
		momentField("InvalidTime", "Time of the first INVALID packet.", in(theInvalid, func(p *flow.InvalidPacket) *time.Time { return &p.Time })),
		wayField("InvalidFrom", "Who sent it, as far as addresses tell: client or server."),
		flagsField("InvalidTcpFlags", "Its TCP flags.", in(theInvalid, func(p *flow.InvalidPacket) *flow.TCPFlags { return &p.TCPFlags })),
		wordField("InvalidReason", "Why it is INVALID: a code of a fixed set.", in(theInvalid, func(p *flow.InvalidPacket) *flow.Reason { return &p.Reason })),
		wordField("InvalidText", "The kernel's own sentence about it.", in(theInvalid, func(p *flow.InvalidPacket) *string { return &p.Text })),
		momentField("IcmpTime", "Time of the first ICMP error that ends an attempt.", in(theICMP, func(n *flow.ICMPNote) *time.Time { return &n.Time })),
		icmpFromField(),
		wordField("IcmpError", "What it says, in words.", in(theICMP, func(n *flow.ICMPNote) *string { return &n.Text })),
		momentField("DropTime", "Time of the last packet that the host's kernel dropped.", in(theDrop, func(d *flow.Drop) *time.Time { return &d.Time })),
		wordField("DropSource", "Who told of it.", in(theDrop, func(d *flow.Drop) *flow.DropSource { return &d.Source })),
		addressField("DropSourceIp", "Its source, as it was when it was dropped.", in(theDrop, func(d *flow.Drop) *endpoint { return &d.Tuple.Source })),
		portField("DropSourcePort", "Its source port, as it was when it was dropped.", in(theDrop, func(d *flow.Drop) *endpoint { return &d.Tuple.Source })),
		addressField("DropDestinationIp", "Its destination, as it was when it was dropped.", in(theDrop, func(d *flow.Drop) *endpoint { return &d.Tuple.Dest })),
		portField("DropDestinationPort", "Its destination port, as it was when it was dropped.", in(theDrop, func(d *flow.Drop) *endpoint { return &d.Tuple.Dest })),
		flagsField("DropTcpFlags", "Its TCP flags.", in(theDrop, func(d *flow.Drop) *flow.TCPFlags { return &d.TCPFlags })),
		wordField("DropReason", "The kernel's name for why.", in(theDrop, func(d *flow.Drop) *string { return &d.Reason })),
		maybeNumberField("DropReasonNumber", Long, "The kernel's number for why.", in(theDrop, func(d *flow.Drop) *uint32 { return &d.ReasonNumber })),
		wordField("DropHook", "The netfilter hook, where one dropped it.", in(theDrop, func(d *flow.Drop) *string { return &d.Hook })),
		wordField("DropInterface", "The interface it was at.", in(theDrop, func(d *flow.Drop) *string { return &d.Interface })),
		wordField("DropLocation", "The kernel's function that dropped it.", in(theDrop, func(d *flow.Drop) *string { return &d.Location })),
		numberField("DropCount", Long, "Packets of the connection that the kernel dropped.", in(theDrop, func(d *flow.Drop) *uint64 { return &d.Count })),
		maybeNumberField("DropTtl", Int, "Its time to live.", in(theDrop, func(d *flow.Drop) *uint8 { return &d.TTL })),
		maybeNumberField("DropLength", Long, "Length of the IP packet.", in(theDrop, func(d *flow.Drop) *uint32 { return &d.Length })),
	})
}

// wayField is who sent the first INVALID packet.
func wayField(name, doc string) twoWay {
	sides := map[string]flow.Way{string(flow.Client): flow.FromClient, string(flow.Server): flow.FromServer}
	return twoWay{
		word(name, doc, func(r *connectionRow) string {
			if r.Invalid == nil {
				return ""
			}
			if r.Invalid.Way == flow.FromServer {
				return string(flow.Server)
			}
			return string(flow.Client)
		}),
		func(c *flow.Connection, value any) error {
			text, err := as[string](value)
			way, ok := sides[text]
			if err == nil && !ok {
				err = fmt.Errorf("%q is neither client nor server", text)
			}
			if c.Invalid != nil {
				c.Invalid.Way = way
			}
			return err
		},
	}
}

// icmpFromField is an address without port.
func icmpFromField() twoWay {
	return twoWay{
		address("IcmpFrom", "Who sent it.", func(r *connectionRow) netip.Addr {
			if r.ICMP == nil {
				return netip.Addr{}
			}
			return r.ICMP.From
		}),
		func(c *flow.Connection, value any) error {
			text, err := as[string](value)
			if err != nil || c.ICMP == nil {
				return err
			}
			c.ICMP.From, err = netip.ParseAddr(text)
			return err
		},
	}
}

// doubtsField is the doubts with commas between them.
func doubtsField() twoWay {
	return twoWay{
		word("Doubts", "Why it is not certain, with commas between: events-lost, not-recorded, cannot-see, still-open, forgotten, mid-stream.",
			func(r *connectionRow) string {
				var texts []string
				for _, d := range r.Verdict.Doubts {
					texts = append(texts, string(d))
				}
				return strings.Join(texts, ",")
			}),
		func(c *flow.Connection, value any) error {
			text, err := as[string](value)
			for _, d := range strings.Split(text, ",") {
				c.Verdict.Doubts = append(c.Verdict.Doubts, flow.Doubt(d))
			}
			return err
		},
	}
}
