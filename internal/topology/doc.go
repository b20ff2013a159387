// Package topology is the network model: virtual networks, subnets, peerings,
// route tables, security groups, gateways, firewalls, virtual machines and an
// internet, in Azure's words and with Azure's rules. It is pure: it reads files
// and computes. [Topology.RoundTrip] says which way a packet and its reply
// take, [Topology.Check] what is wrong with a network and what would repair it;
// the lab makes a topology real.
//
// # How Azure chooses a route
//
// There is no router to log in to. Each network interface decides by itself
// where a packet goes, from the effective routes of its subnet, and the packet
// is then at its next hop: no link lies between, and the next hop need not be
// on the sender's link. What the answer does is decided by the other side's
// routes alone. That is how one direction can pass a firewall and the other
// not.
//
// The effective routes are system routes, routes that a gateway has learnt by
// BGP, and user-defined routes (UDRs), from "Virtual network traffic routing" in
// Microsoft's documentation:
//
//   - each prefix of the own address space leads to VnetLocal;
//   - each prefix of a peered network leads to VNetPeering, which is not
//     transitive, and needs both halves of the peering;
//   - 0.0.0.0/0 leads to Internet;
//   - 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 and 100.64.0.0/10 lead to
//     None: dropped without an answer, because nothing on the internet has
//     such an address;
//   - what the network's gateway knows, or that of a peered network which lends
//     it, leads to VirtualNetworkGateway, unless the subnet's route table has
//     disableBgpRoutePropagation;
//   - what the subnet's route table says.
//
// The longest prefix wins. Of equal prefixes the UDR wins, then the gateway's,
// then the system route; the losers stay in the list with state Invalid. So a
// UDR for 0.0.0.0/0 does not touch what goes to the own or to a peered network,
// which is the most common reason for traffic that passes a firewall in one
// direction only. One exception is there to the longest prefix: the routes of
// networks win over what a gateway knows, also where that is longer.
//
// The None routes are different, and the documentation does not say so; this
// is what Azure's command line shows. They are not listed at all
//
//   - where the own address space, a peered network, a gateway or a UDR has the
//     same prefix, or one of the networks contains it;
//   - while 0.0.0.0/0 leads to a virtual appliance. They guard the way to the
//     internet, and that way is not taken then. Without this rule no spoke could
//     reach another one through a hub with 0.0.0.0/0 alone. A UDR that sends
//     0.0.0.0/0 to Internet or None leaves them in place. That 0.0.0.0/0 to a
//     gateway ends them too is concluded, not observed.
//
// # What else can stop a packet
//
// A network's half of a peering with allowForwardedTraffic: false drops what
// the other network only forwards: packets whose source is not its own. What a
// gateway sends counts as its own. A next hop that does not forward swallows
// what is not for itself. Security groups are asked when a packet leaves an
// interface and when it comes to one, at appliances too; they are stateful, so
// a reply needs no rule where its request was admitted. What the tag
// VirtualNetwork stands for depends on the routes of the subnet, see
// [Topology.VirtualNetworkPrefixes].
//
// All of these are silent: nobody gets an ICMP error.
//
// # Files
//
// A topology is written in YAML or JSON, with the field names of Azure's
// resources. [Parse] reports all that is wrong with it at once, as
// [document.Problems]: what Azure refuses and what the lab could not build are
// errors; what is legal but surely not meant (a next hop that nobody has, half
// a peering) is a warning, because faults of this kind are what Sekisho is
// there to find.
//
// A Topology is not changed once it has been read. [Topology.SetRoute] and its
// like, and [Topology.Apply] for the fixes that Check finds, return changed
// copies, which share with the original what is the same.
//
// # How fixes are found
//
// Check walks the way between each pair of subnets, groups what goes wrong by
// cause, and searches for the smallest change that repairs a pair: the routes
// with which one direction passes the firewalls of the other one in reverse
// order, the missing half of a peering, the flag, the rule. Each candidate is
// made in memory and looked at again, with every other pair that the change can
// matter to; it counts only where the pair is right then and no other one has
// trouble of a kind that it did not have. So a fix needs no argument: it has
// been tried.
package topology
