package ruleset

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/sekisho/sekisho/internal/policy"
)

func TestHandshakeBit(t *testing.T) {
	t.Parallel()
	bothFamilies(t, "", func(t *testing.T, e ends) {
		w := newWorld(t)
		m := Marks{}
		w.apply(e.allow(1), Options{})
		bit := func(what string, want bool) {
			t.Helper()
			if got := w.mark()&m.Handshake() != 0; got != want {
				t.Fatalf("after %s the handshake bit is %v", what, got)
			}
		}
		w.walk(step{w.left, e.fromClient("S", 1000, 0, ""), true, "SYN"})
		bit("the SYN", false)
		w.walk(step{w.left, e.fromClient("S", 1000, 0, ""), true, "SYN again"})
		bit("the repeated SYN", false)
		w.walk(step{w.right, e.fromServer("SA", 5000, 1001, ""), true, "SYN-ACK"})
		bit("the SYN-ACK", false)
		w.walk(step{w.left, e.fromClient("A", 1001, 5001, ""), true, "ACK"})
		bit("the ACK", true)
		w.walk(step{w.right, e.fromServer("A", 5001, 1001, "hello"), true, "data"})
		bit("data from the server", true)
		w.setMark(w.mark() | m.OriginalData() | m.ReplyData())
		w.walk(step{w.right, e.fromServer("SA", 5000, 1001, ""), true, "SYN-ACK again"})
		if got := w.mark() & (m.Handshake() | m.OriginalData() | m.ReplyData()); got != 0 {
			t.Errorf("after a repeated SYN-ACK the bits are %#x, want none", got)
		}
		w.wantDecision(m, 1, MarkAllow, 0)
	})
}

// The kernel uses an entry again for a SYN after the server's RST. The ruleset
// here keeps its generation, so only the rule about SYNs can notice.
func TestSynAfterServerResetIsDecidedAnew(t *testing.T) {
	t.Parallel()
	bothFamilies(t, "", func(t *testing.T, e ends) {
		w := newWorld(t)
		w.apply(e.allow(1), Options{Generation: 3})
		w.handshakeOf(e)
		w.walk(step{w.right, e.fromServer("R", 5001, 0, ""), true, "RST"})
		w.setMark(w.mark() | 0x0a000000)
		w.walk(step{w.left, e.fromClient("S", 2000, 0, ""), true, "SYN after RST"})
		if w.mark()&0xff000000 != 0x0a000000 {
			t.Fatal("the kernel made a new entry; this test is about one that is used again")
		}
		w.apply(e.deny(2), Options{Generation: 3})
		w.walk(
			step{w.right, e.fromServer("SA", 9000, 2001, ""), true, "SYN-ACK under the old decision"},
			step{w.right, e.fromServer("R", 9001, 0, ""), true, "RST under the old decision"},
			step{w.left, e.fromClient("S", 3000, 0, ""), false, "SYN after the change"},
		)
		w.wantDecision(Marks{}, 2, MarkDeny, 3)
	})
}

func TestChangeEndsSessionsAndCanBringThemBack(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"client", "server"} {
		bothFamilies(t, "the "+first+" speaks first", func(t *testing.T, e ends) {
			w := newWorld(t)
			w.apply(e.allow(1), Options{})
			w.handshakeOf(e)
			data := []step{
				{w.left, e.fromClient("A", 1001, 5001, "question"), false, "data of the client"},
				{w.right, e.fromServer("A", 5001, 1001, "answer"), false, "data of the server"},
			}
			if first == "server" {
				data[0], data[1] = data[1], data[0]
			}
			w.apply(e.deny(2), Options{Generation: 1})
			w.walk(data...)
			w.wantDecision(Marks{}, 2, MarkDeny, 1)

			// A rule for the way back is none for this connection.
			w.apply(ends{e.server, e.client}.allow(1), Options{Generation: 2})
			w.walk(data...)
			w.wantDecision(Marks{}, 0, MarkDeny, 2)

			w.apply(e.allow(7), Options{Generation: 3})
			data[0].passes, data[1].passes = true, true
			w.walk(data...)
			w.wantDecision(Marks{}, 7, MarkAllow, 3)
			if got := w.counters()["rule_7"]; got != 1 {
				t.Errorf("the connection was decided %d times by one ruleset", got)
			}
		})
	}
}

// An ICMP error is decided with the connection that it is about.
func TestRelatedErrorsFollowTheirConnection(t *testing.T) {
	t.Parallel()
	bothFamilies(t, "", func(t *testing.T, e ends) {
		w := newWorld(t)
		w.apply(e.allow(1), Options{})
		w.handshakeOf(e)
		tooBig := packetTooBig(e.client.Addr(), w.serialize(e.fromClient("A", 1001, 5001, "too long")...))
		before := w.mark()
		w.walk(step{w.right, tooBig, true, "error under the ruleset that allowed"})
		if w.mark() != before {
			t.Errorf("the error changed the mark from %#x to %#x", before, w.mark())
		}
		w.apply(e.deny(2), Options{Generation: 1})
		w.walk(step{w.right, tooBig, false, "error under a ruleset that denies"})
		w.wantDecision(Marks{}, 2, MarkDeny, 1)
	})
}

// packetTooBig is what a router on the way says about a packet of 1300 bytes.
func packetTooBig(to netip.Addr, about []byte) []gopacket.SerializableLayer {
	if to.Is4() {
		ip := ipHeader(netip.MustParseAddr("10.66.9.9"), to, layers.IPProtocolICMPv4)
		return []gopacket.SerializableLayer{ip, &layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 4), Seq: 1300}, gopacket.Payload(about)}
	}
	ip := ipHeader(netip.MustParseAddr("fd00:66:9::9"), to, layers.IPProtocolICMPv6)
	icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypePacketTooBig, 0)}
	_ = icmp.SetNetworkLayerForChecksum(ip)
	return []gopacket.SerializableLayer{ip, icmp, gopacket.Payload(append(binary.BigEndian.AppendUint32(nil, 1300), about...))}
}

// Extension headers stand between the addresses and the ports: conntrack and
// nft skip them, in the first packet and in those that follow.
func TestExtensionHeadersChangeNothing(t *testing.T) {
	t.Parallel()
	padding := gopacket.Payload{byte(layers.IPProtocolTCP), 0, 1, 4, 0, 0, 0, 0} // one option that says nothing
	for name, header := range map[string]layers.IPProtocol{
		"hop by hop": layers.IPProtocolIPv6HopByHop, "destination": layers.IPProtocolIPv6Destination,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			extended := func(parts []gopacket.SerializableLayer) []gopacket.SerializableLayer {
				parts[0].(*layers.IPv6).NextHeader = header
				return append([]gopacket.SerializableLayer{parts[0], padding}, parts[1:]...)
			}
			w.apply(simple(policy.Allow, 3, ends6.client.Addr().String(), ends6.server.Addr().String()), Options{})
			w.walk(
				step{w.left, extended(ends6.fromClient("S", 1000, 0, "")), true, "SYN"},
				step{w.right, extended(ends6.fromServer("SA", 5000, 1001, "")), true, "SYN-ACK"},
				step{w.left, extended(ends6.fromClient("A", 1001, 5001, "")), true, "ACK"},
			)
			w.wantDecision(Marks{}, 3, MarkAllow, 0)
			if w.mark()&(Marks{}).Handshake() == 0 {
				t.Error("the handshake bit is not set")
			}
			w.apply(ends6.deny(1), Options{})
			w.walk(step{w.left, extended(ends6.fromClient("S", 1000, 0, "")), false, "SYN of the same generation"})
			w.wantDecision(Marks{}, 1, MarkDeny, 0)
		})
	}
}
