package flow

import "strconv"

// String is the protocol as Azure's logs write it: a name, or the number.
func (p Protocol) String() string {
	switch p {
	case ICMP:
		return "ICMP"
	case TCP:
		return "TCP"
	case UDP:
		return "UDP"
	case ICMPv6:
		return "ICMPv6"
	}
	return strconv.Itoa(int(p))
}

// IsICMP reports whether packets have a type and a code in place of ports.
func (p Protocol) IsICMP() bool { return p == ICMP || p == ICMPv6 }

// String is conntrack's word; empty where unknown.
func (d Direction) String() string {
	switch d {
	case Original:
		return "original"
	case Reply:
		return "reply"
	}
	return ""
}

// String is the value of Azure's column Action; empty for none.
func (a Action) String() string {
	switch a {
	case Allow:
		return "Allow"
	case Deny:
		return "Deny"
	}
	return ""
}
