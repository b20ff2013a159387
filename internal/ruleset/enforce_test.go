package ruleset

import (
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/sekisho/sekisho/internal/policy"
)

// Each reason to drop has its own counter, and a packet that nobody decided
// about is dropped too.
func TestEnforceCountsEachReason(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		reason  string
		prepare string // run in the firewall after the policy is applied
		step    func(*world, ends) step
	}{
		{"invalid", "", func(w *world, e ends) step {
			return step{w.left, e.fromClient("A", 1001, 5001, ""), false, "ACK of no connection"}
		}},
		{"denied", "", func(w *world, e ends) step {
			return step{w.right, e.fromServer("S", 1, 0, ""), false, "SYN that no rule allows"}
		}},
		{"untracked", "table inet raw { chain c { type filter hook prerouting priority -300; notrack; }; }", syn},
		{"undecided", "flush chain inet sekisho decide", syn},
	} {
		bothFamilies(t, tt.reason, func(t *testing.T, e ends) {
			w := newWorld(t)
			w.command("ip", "netns", "exec", w.firewall, "sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_loose=0")
			w.apply(e.allow(1), Options{})
			if tt.prepare != "" {
				w.nft(tt.prepare)
			}
			w.walk(tt.step(w, e))
			if c := w.counters(); c[tt.reason] != 1 || c.dropped() != 1 {
				t.Errorf("counters %v, want one packet %s", c, tt.reason)
			}
		})
	}
}

func syn(w *world, e ends) step {
	return step{w.left, e.fromClient("S", 1000, 0, ""), false, "SYN that a rule would allow"}
}

// What is dropped leaves the bits of the handshake as they are.
func TestDroppedPacketsChangeNoBits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := Marks{}
	w.apply(allow(1), Options{})
	w.handshake()
	w.apply(deny(1), Options{Generation: 1})
	w.walk(step{w.right, fromServer("SA", 5000, 1001, ""), false, "SYN-ACK of a denied connection"})
	if w.mark()&m.Handshake() == 0 {
		t.Error("a dropped SYN-ACK cleared the handshake bit")
	}
	w.setMark(w.mark() &^ m.Handshake())
	w.walk(step{w.left, fromClient("A", 1001, 5001, ""), false, "ACK of a denied connection"})
	if w.mark()&m.Handshake() != 0 {
		t.Error("a dropped ACK set the handshake bit")
	}
}

// Neighbour discovery stays on its link. conntrack does not track it, which is
// no way through the firewall.
func TestNeighbourDiscoveryIsNotForwarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(with(func(r *policy.NetworkRule) {
		r.Protocols[0], r.Sources[0], r.Destinations[0] = policy.AllProtocols, policy.AllAddresses, policy.AllAddresses
	}), Options{})
	ip := ipHeader(ends6.client.Addr(), ends6.server.Addr(), layers.IPProtocolICMPv6)
	ip.(*layers.IPv6).HopLimit = 255
	icmp := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeNeighborSolicitation, 0)}
	_ = icmp.SetNetworkLayerForChecksum(ip)
	solicitation := &layers.ICMPv6NeighborSolicitation{TargetAddress: ends6.server.Addr().AsSlice()}
	w.walk(
		step{w.left, []gopacket.SerializableLayer{ip, icmp, solicitation}, false, "neighbour solicitation"},
		step{w.left, packet{58, ends6.client, ends6.server}.layers(1), true, "echo request"},
	)
	if c := w.counters(); c["untracked"] != 1 {
		t.Errorf("counters %v, want one packet untracked", c)
	}
}

// All of IPv4 is not "*": where no rule is about IPv6, its packets are denied
// by default, not overlooked.
func TestIPv6WithoutRulesMeetsTheDefaultAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := with(func(r *policy.NetworkRule) {
		all := policy.AddressRange{First: address(0), Last: address(1<<32 - 1)}
		r.Protocols[0], r.Sources[0], r.Destinations[0] = policy.AllProtocols, all, all
	})
	r := w.apply(p, Options{})
	if strings.Contains(r.Text, "ip6") {
		t.Errorf("a ruleset for IPv4 speaks of IPv6:\n%s", r.Text)
	}
	for _, protocol := range []uint8{6, 17, 58, 47} {
		w.left.send(packet{protocol, ends6.client, ends6.server}.layers(1)...)
	}
	w.eventually("four packets are denied by default", func() bool {
		c := w.counters()
		return c["default_action"] == 4 && c["denied"] == 4
	})
	if got := w.counters()["rule_1"]; got != 0 {
		t.Errorf("a rule for all of IPv4 decided %d packets", got)
	}
}
