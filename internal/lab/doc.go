// Package lab makes a topology real on one machine: a network namespace for
// each machine and firewall, and between them a network that routes as Azure
// does.
//
// # The fabric
//
// Azure's network is not a switch. Each packet's next hop is chosen by the
// effective routes of the *sender's* subnet, and a virtual appliance need not
// be on the sender's link. So no two nodes of a lab share a link. Each has a
// veth pair into one more namespace, the fabric, which is the whole network:
//
//	<lab>-vm-a ── eth0 ══ v1 ──┐
//	<lab>-fw   ── eth0 ══ v0 ──┤ <lab>-fabric ── internet ══ eth0 ── <lab>-internet
//	<lab>-vm-b ── eth0 ══ v2 ──┘
//
// A node has a /32 address and one route, to 169.254.1.1 on eth0: whatever it
// sends, also to its own subnet, reaches the fabric, where a rule picks the
// routing table of the interface that the packet came in by. There an
// effective route becomes
//
//	VirtualAppliance         via the appliance's address, on its veth
//	VnetLocal, VNetPeering   throw: look on in the network's delivery table
//	Internet                 via the internet's namespace
//	None                     blackhole, without an answer, as in Azure
//
// A delivery table has one host route for each interface of the own and of
// the peered networks, and a blackhole for the rest. An appliance that is not
// in it cannot be a next hop either: Azure drops such packets silently, and so
// does the lab.
//
// A network of Azure's takes nothing off the TTL, a Linux router one; the
// fabric gives it back before it routes. What a receiver sees is the sender's
// TTL less one for each appliance on the way (and 254 for 255, which cannot be
// raised).
//
// # The internet
//
// All hosts of the internet are addresses of one namespace. No address is
// translated on the way there, so hosts see private addresses. Azure
// translates to the address of the interface that sends a packet out, so
// replies come back to that interface; here they do too: a reply goes to the
// node that would hand the opposite packet to the internet, be it the machine
// itself or the last appliance on its way.
//
// # What runs, and what is left of it
//
// The process that called [Up] is the lab's supervisor: it holds the built-in
// services and is the parent of sshd and of the firewalls. Everything else
// needs no process: routes are changed ([Lab.SetRoute]) and programs are run
// ([Lab.Exec], [Lab.Connect], [Lab.SSH]) from any process of root's.
//
// A lab's files are in /run/sekisho/labs/<name>, for root only. state.json is
// there before the first namespace is made, and each namespace carries the
// lab's name on its lo, so [Down] can clean up after a crash at any point.
package lab
