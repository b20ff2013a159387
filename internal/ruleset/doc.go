// Package ruleset puts a policy into the kernel: it compiles it to one nftables
// table, "inet sekisho", and applies that in one transaction.
//
// The table has two chains at the forward hook. "decide", at priority 0, finds
// the first rule that matches a connection and writes it into the connection's
// mark: which rule, which action, and by which generation of the ruleset.
// "enforce", at priority 20, drops what is not allowed. In between, at priority
// 10, the recorder sees every packet with the decision already known, also
// those that will be dropped. [Marks] has the layout of the mark.
//
// Rules become entries of interval maps, so the cost of a lookup does not grow
// with the number of rules. The kernel refuses some overlapping entries in one
// map; these go to the next map, and the maps are looked up in order: the
// number of lookups is the depth of overlap (see layOut).
//
// A connection is decided once, and again when a ruleset of another generation
// has replaced the one that decided it, by its first packet's tuple in either
// direction. So a change also ends the connections that it denies.
//
// IPv4 and IPv6 have maps of their own, and all else in common: both are decided
// by the same rules in the same order, and carry the same marks. What a packet
// is looked up by is in conntrack's tuple: extension headers of IPv6 do not
// matter, and an ICMP or ICMPv6 error is decided as the connection that it is
// about. Neighbour discovery stays on its link; what somebody sends through the
// firewall nevertheless conntrack does not track, and "enforce" drops it for
// that.
//
// What no rule is about meets the default action, which denies: all of IPv6,
// where no rule has addresses of it. The chain of a rule counts the decisions
// that it made; a SYN that is sent again is decided again, and counts again.
package ruleset
