package flow

import "slices"

// MatchConnection reports whether a connection passes: with the address and
// the port of either tuple, and with a packet of one of the flags. Firewalls
// are not looked at, as with Match.
func (f *Filter) MatchConnection(c *Connection) bool {
	return (f.matchHost(c.Tuple) || f.matchHost(c.Translated)) &&
		(f.matchPort(c.Tuple) || f.matchPort(c.Translated)) &&
		(len(f.Flags) == 0 || slices.ContainsFunc(f.Flags, c.has)) &&
		(len(f.Connections) == 0 || slices.Contains(f.Connections, c.ID))
}

// has reports whether the connection had a packet with the flag.
func (c *Connection) has(flag Flag) bool {
	switch flag {
	case SYN:
		return c.SYNs > 0
	case SYNACK:
		return c.SYNACKs > 0
	case ACK:
		return c.ACKs > 0
	case FIN:
		return !c.FIN.IsZero()
	case FINACK:
		return !c.FINACK.IsZero()
	case RST:
		return c.RSTs != [2]int{}
	case RETRANS:
		return c.Retransmits != [2]int{}
	case INVALID:
		return c.Invalids > 0
	case DENIED:
		return c.Denials > 0
	case ICMPERROR:
		return c.ICMPErrors > 0
	}
	return false
}
