package logs

import (
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

const kernelDropName = "KernelDrop"

// KernelDrop is the table KernelDrop: what the host dropped outside the policy.
// Azure has nothing like it.
var KernelDrop = newTable(Table{
	Name:        kernelDropName,
	Category:    kernelDropName,
	DisplayName: "Kernel Drops",
	Doc: "One row for each packet that the firewall's host dropped outside the policy, with the kernel's own reason: " +
		"before the policy was asked (reverse-path filter, no route, expired TTL, full connection table), after it (no neighbour), " +
		"by somebody else's rules, or by ours where somebody's notrack had taken the packet from connection tracking. Packets that are alike in everything but time, TTL and length have a row for the first of them " +
		"and one a second for the others. What goes to multicast, broadcast or link-local addresses, which no router forwards, is left out. Also one row for each of connection tracking's own counters that rose.",
},
	from(Azure, inEnvelope(moment("TimeGenerated", "When the packet was dropped, the last one of several; or when the counter was read; in UTC.",
		func(r *dropped) time.Time { return r.Time }))...),
	from(Azure, standardOf(kernelDropName, func(r *dropped) *Source { return r.src })...),
	from(Sekisho,
		word("Firewall", "Short name of the firewall.",
			func(r *dropped) string { return r.src.Firewall }),
		word("Source", "Who told: kfree_skb, the kernel's tracepoint of dropped packets; or conntrack, a counter of connection tracking, which knows no packet.",
			func(r *dropped) string { return string(r.Source) })),
	from(Sekisho, dropTuple()...),
	from(Sekisho, dropReason()...),
	from(Sekisho, dropPacket()...),
)

// dropped is what a row of KernelDrop is made from.
type dropped struct {
	*flow.Drop
	src *Source
}

// KernelDropRow makes the row of a drop. Neither the drop nor the source may
// change while the row is in use.
func KernelDropRow(d *flow.Drop, src *Source) Row {
	return Row{KernelDrop, &dropped{d, src}}
}

// dropTuple is the packet's 5-tuple. Of a counter there is none, and neither is
// there of a packet without a whole IP header.
func dropTuple() []column[dropped] {
	return []column[dropped]{
		maybeText("Protocol", "Network protocol: TCP, UDP, \"ICMP Type=8\", \"ICMPv6 Type=128\", or the IANA number of another. Absent, like addresses and ports, where there was no IP header to read.",
			(*dropped).protocol),
		address("SourceIp", "Address of the packet's sender, IPv6 in the short form of RFC 5952.",
			func(r *dropped) netip.Addr { return r.Tuple.Source.Addr() }),
		number("SourcePort", Int, "Port of the packet's sender; 0 for protocols without ports.",
			func(r *dropped) (int64, bool) { return port(r.Tuple.Source) }),
		address("DestinationIp", "Address the packet goes to, as it stood on the packet when it was dropped.",
			func(r *dropped) netip.Addr { return r.Tuple.Dest.Addr() }),
		number("DestinationPort", Int, "Port the packet goes to; 0 for protocols without ports.",
			func(r *dropped) (int64, bool) { return port(r.Tuple.Dest) }),
	}
}

// protocol carries an ICMP packet's type, as in the other tables.
func (r *dropped) protocol() (string, bool) {
	return protocolName(r.Tuple.Protocol, r.ICMPType), r.Tuple.IsValid()
}

// dropReason says why, by whom and where in the kernel.
func dropReason() []column[dropped] {
	return []column[dropped]{
		word("Reason", "The kernel's name for why, as in IP_RPFILTER, or its number where it has no name; of a counter its name: "+
			"drop (packets for which the connection table had no room), early_drop (half-open connections thrown out to make room), insert_failed, chaintoolong.",
			func(r *dropped) string { return r.Reason }),
		number("ReasonNumber", Long, "The kernel's number for why; it differs between kernels.",
			func(r *dropped) (int64, bool) { return int64(r.ReasonNumber), r.isPacket() }),
		word("Hook", "Where the reason is NETFILTER_DROP: the hook, which is prerouting, input, forward, output (or postrouting, of the host's own packets) or postrouting.",
			func(r *dropped) string { return r.Hook }),
		word("Location", "The kernel's function that dropped the packet. With NETFILTER_DROP and Linux 6.7 or later, nft_do_chain is a rule of nftables, nf_hook_slow anything else, as connection tracking itself.",
			func(r *dropped) string { return r.Location }),
	}
}

func (r *dropped) isPacket() bool { return r.Source == flow.DropKfreeSKB }

func dropPacket() []column[dropped] {
	return []column[dropped]{
		word("Interface", "Interface the packet was at: that it came in by or, once it was on its way out, that it was to leave by; in a VRF the member, but for packets to the host itself, which have the VRF's own.",
			func(r *dropped) string { return r.Interface }),
		maybeMoment("From", "When the counter was read before, maybe by an earlier process: it rose after that. Absent of packets.",
			func(r *dropped) time.Time { return r.From }),
		number("PacketCount", Long, "Packets that the row stands for; of a counter, by how much it rose.",
			func(r *dropped) (int64, bool) { return int64(r.Count), true }),
		word("TcpFlags", "Control bits of the TCP header, as in \"SYN|ACK\"; absent where none is set or there was no TCP header to read.",
			func(r *dropped) string { return tcpFlagTexts[r.TCPFlags] }),
		number("Ttl", Int, "Time to live (IPv6: hop limit) that the packet had left, the last one of several.",
			func(r *dropped) (int64, bool) { return int64(r.TTL), r.Tuple.IsValid() }),
		number("PacketLength", Int, "Length of the IP packet in bytes, as its header says; that of the last one of several.",
			func(r *dropped) (int64, bool) { return int64(r.Length), r.Tuple.IsValid() }),
	}
}
