// Package policy is the firewall policy: what may cross a firewall and what
// may not, in Azure's words. It is pure: it reads files, puts rules in order
// and decides about packets; package ruleset makes the kernel do the same.
//
// A policy is a tree. Rule collection groups hold rule collections, and these
// hold rules; groups and collections have a priority, and a collection has one
// action for all of its rules. [Policy.Rules] lays the tree out in the order
// of evaluation: groups by priority, the lowest number first, then collections
// by priority, then rules from the top down. The first rule that matches
// decides, and where none does the packet is denied.
//
// Rules are about IPv4 and IPv6 alike. "*" stands for the addresses of both, a
// list may hold addresses of both, and a rule matches where source and
// destination are of one family, as those of every packet are: it may be one
// rule for IPv4 and one for IPv6 in the same words. "ICMP" is the only word
// that means two things, as in Azure: ICMP (protocol 1) for IPv4 and ICMPv6
// (protocol 58) for IPv6. An ICMP error that belongs to a connection needs no
// rule, it is decided as the connection is; and neighbour discovery is never
// forwarded.
//
// A firewall that ignores a part of its policy lies about what it does. So
// reading is strict: what is unknown, missing or not enforced yet is an error
// with file, line, field, value and a hint, all of them at once.
package policy

// Policy is one firewall policy, as [Parse] reads it.
type Policy struct {
	Name   string
	Groups []RuleCollectionGroup // in the order of the file
}

// RuleCollectionGroup is Azure's ruleCollectionGroups.
type RuleCollectionGroup struct {
	Name        string
	Priority    int // MinPriority to MaxPriority; the lowest goes first
	Collections []RuleCollection
}

// RuleCollection is Azure's FirewallPolicyFilterRuleCollection: rules that
// share one action.
type RuleCollection struct {
	Name     string
	Priority int // MinPriority to MaxPriority; the lowest goes first
	Action   Action
	Rules    []NetworkRule // evaluated from the top down
}

// NetworkRule matches packets by protocol, addresses and destination port. A
// packet matches when each of the four lists contains it; an empty list
// contains nothing. See [ProtocolRange.ForIPv6] for ICMP.
type NetworkRule struct {
	Name         string
	Description  string
	Protocols    []ProtocolRange
	Sources      []AddressRange
	Destinations []AddressRange
	// Ports are destination ports. Only a rule for TCP, UDP or both can have
	// fewer than all of them.
	Ports []PortRange
}

// Priorities of groups and collections lie between these two, as in Azure.
const (
	MinPriority = 100
	MaxPriority = 65000
)

// Action is what a rule does with the packets it matches.
type Action uint8

// The actions. There is none for the value 0, so that a forgotten action is
// not taken for one.
const (
	Allow Action = iota + 1
	Deny
)

// String is the action as Azure writes it; empty for none.
func (a Action) String() string {
	switch a {
	case Allow:
		return "Allow"
	case Deny:
		return "Deny"
	}
	return ""
}

// DenyAll returns the policy without rules, named "deny-all": every packet
// meets the default action. A firewall that was given no policy runs it.
func DenyAll() *Policy { return &Policy{Name: "deny-all"} }
