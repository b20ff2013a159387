package ruleset

import (
	"net"
	"testing"

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
		step    func(*world) step
	}{
		{"invalid", "", func(w *world) step {
			return step{w.left, fromClient("A", 1001, 5001, ""), false, "ACK of no connection"}
		}},
		{"denied", "", func(w *world) step { return step{w.right, fromServer("S", 1, 0, ""), false, "SYN that no rule allows"} }},
		{"untracked", "table inet raw { chain c { type filter hook prerouting priority -300; notrack; }; }", syn},
		{"undecided", "flush chain inet sekisho decide", syn},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.command("ip", "netns", "exec", w.firewall, "sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_loose=0")
			w.apply(allow(1), Options{})
			if tt.prepare != "" {
				w.nft(tt.prepare)
			}
			w.walk(tt.step(w))
			if c := w.counters(); c[tt.reason] != 1 || c.dropped() != 1 {
				t.Errorf("counters %v, want one packet %s", c, tt.reason)
			}
		})
	}
}

func syn(w *world) step {
	return step{w.left, fromClient("S", 1000, 0, ""), false, "SYN that a rule would allow"}
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

// "*" is all of IPv4. IPv6 is denied, not overlooked.
func TestIPv6MeetsTheDefaultAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, s := range []string{"all.forwarding=1", "left.disable_ipv6=0", "right.disable_ipv6=0"} {
		w.command("ip", "netns", "exec", w.firewall, "sysctl", "-qw", "net.ipv6.conf."+s)
	}
	w.ip("-6", "rule", "add", "iif", "left", "lookup", "100")
	w.ip("-6", "route", "add", "default", "via", "fe80::1", "dev", "right", "onlink", "table", "100")
	w.ip("neigh", "add", "fe80::1", "lladdr", mac(2, 2), "dev", "right", "nud", "permanent")
	everything := with(func(r *policy.NetworkRule) {
		r.Protocols[0], r.Sources[0], r.Destinations[0] = policy.AllProtocols, policy.AllAddresses, policy.AllAddresses
	})
	w.apply(everything, Options{})
	for _, protocol := range []layers.IPProtocol{layers.IPProtocolTCP, layers.IPProtocolUDP, layers.IPProtocolICMPv6} {
		ip := &layers.IPv6{Version: 6, HopLimit: 64, NextHeader: protocol, SrcIP: net.ParseIP("fd00::1"), DstIP: net.ParseIP("fd00::2")}
		tcp := &layers.TCP{SrcPort: 40000, DstPort: 22, SYN: true}
		udp := &layers.UDP{SrcPort: 40000, DstPort: 53}
		echo := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(layers.ICMPv6TypeEchoRequest, 0)}
		_ = tcp.SetNetworkLayerForChecksum(ip)
		_ = udp.SetNetworkLayerForChecksum(ip)
		_ = echo.SetNetworkLayerForChecksum(ip)
		switch protocol {
		case layers.IPProtocolTCP:
			w.left.send(ip, tcp)
		case layers.IPProtocolUDP:
			w.left.send(ip, udp)
		default:
			w.left.send(ip, echo, &layers.ICMPv6Echo{Identifier: 1})
		}
	}
	w.eventually("three packets are denied by default", func() bool {
		c := w.counters()
		return c["default_action"] == 3 && c["denied"] == 3
	})
	if got := w.counters()["rule_1"]; got != 0 {
		t.Errorf("a rule for all of IPv4 decided %d packets", got)
	}
}
