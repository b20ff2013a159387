package flow

import "fmt"

type icmpMessage struct {
	protocol Protocol
	kind     uint8
	code     uint8
}

// icmpTexts name the errors that end or slow connections (RFC 792, RFC 1812,
// RFC 4443).
var icmpTexts = map[icmpMessage]string{
	{ICMP, 3, 0}:   "network unreachable",
	{ICMP, 3, 1}:   "host unreachable",
	{ICMP, 3, 2}:   "protocol unreachable",
	{ICMP, 3, 3}:   "port unreachable",
	{ICMP, 3, 4}:   "fragmentation needed",
	{ICMP, 3, 9}:   "network administratively prohibited",
	{ICMP, 3, 10}:  "host administratively prohibited",
	{ICMP, 3, 13}:  "administratively prohibited",
	{ICMP, 4, 0}:   "source quench",
	{ICMP, 5, 0}:   "redirect for the network",
	{ICMP, 5, 1}:   "redirect for the host",
	{ICMP, 11, 0}:  "TTL exceeded",
	{ICMP, 11, 1}:  "fragment reassembly time exceeded",
	{ICMP, 12, 0}:  "parameter problem",
	{ICMPv6, 1, 0}: "no route to destination",
	{ICMPv6, 1, 1}: "administratively prohibited",
	{ICMPv6, 1, 2}: "beyond scope of source address",
	{ICMPv6, 1, 3}: "address unreachable",
	{ICMPv6, 1, 4}: "port unreachable",
	{ICMPv6, 1, 5}: "source address failed policy",
	{ICMPv6, 1, 6}: "reject route to destination",
	{ICMPv6, 2, 0}: "packet too big",
	{ICMPv6, 3, 0}: "hop limit exceeded",
	{ICMPv6, 3, 1}: "fragment reassembly time exceeded",
	{ICMPv6, 4, 0}: "parameter problem",
}

// ICMPText names an ICMP or ICMPv6 error in words; type and code where it has
// no name.
func ICMPText(p Protocol, kind, code uint8) string {
	if text, ok := icmpTexts[icmpMessage{p, kind, code}]; ok {
		return text
	}
	return fmt.Sprintf("type %d code %d", kind, code)
}
