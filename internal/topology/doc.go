// Package topology is the network model: virtual networks, subnets, peerings,
// route tables, firewalls, virtual machines and an internet, in Azure's words
// and with Azure's rules for choosing a route. It is pure: it reads files and
// computes; the lab makes a topology real.
//
// # How Azure chooses a route
//
// There is no router to log in to. Each network interface decides by itself
// where a packet goes, from the effective routes of its subnet, and the packet
// is then at its next hop: no link lies between, and the next hop need not be
// on the sender's link. What the answer does is decided by the other side's
// routes alone. That is how one direction can pass a firewall and the other
// not, and why [Topology.NextHop] is asked once for each end.
//
// The effective routes are system routes and user-defined routes (UDRs), from
// "Virtual network traffic routing" in Microsoft's documentation:
//
//   - each prefix of the own address space leads to VnetLocal;
//   - each prefix of a peered network leads to VNetPeering, which is not
//     transitive, and needs both halves of the peering;
//   - 0.0.0.0/0 leads to Internet;
//   - 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 and 100.64.0.0/10 lead to
//     None: dropped without an answer, because nothing on the internet has
//     such an address;
//   - what the subnet's route table says.
//
// The longest prefix wins. Of two equal prefixes the UDR wins; the system
// route stays in the list with state Invalid. So a UDR for 0.0.0.0/0 does not
// touch what goes to the own or to a peered network, which is the most common
// reason for traffic that passes a firewall in one direction only.
//
// The None routes are different, and the documentation does not say so; this
// is what Azure's command line shows. They are not listed at all
//
//   - where the own address space, a peered network or a UDR has the same
//     prefix, or one of the networks contains it;
//   - while a UDR sends 0.0.0.0/0 to a virtual appliance. They guard the way
//     to the internet, and that way is not taken then. Without this rule no
//     spoke could reach another one through a hub with 0.0.0.0/0 alone. A UDR
//     that sends 0.0.0.0/0 to Internet or None leaves them in place.
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
// A Topology is not changed once it has been read. [Topology.SetRoute] and
// [Topology.DeleteRoute] return changed copies, which share with the original
// what is the same.
package topology
