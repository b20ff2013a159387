package policy

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// mistake is what is wrong with one value, and what to write instead.
type mistake struct{ message, hint string }

const (
	addressForms = `write an address, a prefix as 10.1.2.0/24 or fd00:1::/64, a range as 10.1.2.4-10.1.2.9, or "*"`
	portForms    = `write a port as "443", a range as "8000-8099", or "*"`
)

// parseProtocol reads one of ipProtocols.
func parseProtocol(text string) (ProtocolRange, *mistake) {
	for protocol, name := range protocolNames {
		if strings.EqualFold(name, text) {
			return protocol, nil
		}
	}
	return ProtocolRange{}, &mistake{"unknown protocol", "write TCP, UDP, ICMP or Any; for IPv6, ICMP means ICMPv6"}
}

// parsePorts reads one of destinationPorts.
func parsePorts(text string) (PortRange, *mistake) {
	if text == "*" {
		return AllPorts, nil
	}
	low, high, ranged := strings.Cut(text, "-")
	if !ranged {
		high = low
	}
	first, err1 := strconv.ParseUint(low, 10, 16)
	last, err2 := strconv.ParseUint(high, 10, 16)
	switch {
	case err1 != nil || err2 != nil || first == 0:
		return PortRange{}, &mistake{"is no port", portForms}
	case first > last:
		return PortRange{}, &mistake{"the range ends before it begins", fmt.Sprintf("write %d-%d", last, first)}
	}
	return PortRange{uint16(first), uint16(last)}, nil
}

// parseAddresses reads one of sourceAddresses or destinationAddresses.
func parseAddresses(text string) (AddressRange, *mistake) {
	switch {
	case text == "*":
		return AllAddresses, nil
	case strings.ContainsAny(text, "[]"):
		return AddressRange{}, &mistake{"the address is in brackets", "brackets are for an address with a port; write fd00::1"}
	case strings.Contains(text, "/"):
		return parsePrefix(text)
	}
	return parseRange(text)
}

// parseRange reads an address, or two with a dash between them.
func parseRange(text string) (AddressRange, *mistake) {
	low, high, ranged := strings.Cut(text, "-")
	if !ranged {
		high = low
	}
	first, err1 := netip.ParseAddr(low)
	last, err2 := netip.ParseAddr(high)
	switch {
	case isName(text):
		return AddressRange{}, &mistake{"not supported yet: service tags and names", addressForms}
	case err1 != nil || err2 != nil:
		return AddressRange{}, &mistake{"is no address", addressForms}
	case first.Zone() != "" || last.Zone() != "":
		return AddressRange{}, &mistake{"the address has a zone", "packets carry none; write the address without it"}
	case first.Unmap().Is4() != last.Unmap().Is4():
		return AddressRange{}, &mistake{"the range begins in one address family and ends in the other", "write a range for each"}
	case first.Is4In6() || last.Is4In6():
		return AddressRange{}, mapped(AddressRange{first.Unmap(), last.Unmap()}.String())
	case last.Less(first):
		return AddressRange{}, &mistake{"the range ends before it begins", fmt.Sprintf("write %s-%s", last, first)}
	}
	return AddressRange{first, last}, nil
}

// mapped refuses IPv4-mapped addresses as ::ffff:10.1.1.4, which are how
// programs write IPv4 peers of an IPv6 socket: the packets are IPv4.
func mapped(ipv4 string) *mistake {
	return &mistake{"is an IPv4-mapped address", fmt.Sprintf("its packets are IPv4: write %s", ipv4)}
}

// isName tells Azure's service tags and host names from addresses.
func isName(text string) bool {
	return text != "" && unicode.IsLetter(rune(text[0])) && !strings.Contains(text, ":")
}

func parsePrefix(text string) (AddressRange, *mistake) {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return AddressRange{}, &mistake{"is no address", addressForms}
	case p.Addr().Is4In6():
		return AddressRange{}, mapped(netip.PrefixFrom(p.Addr().Unmap(), max(p.Bits()-96, 0)).String())
	case p.Masked() != p:
		return AddressRange{}, &mistake{"the address is not the first one of its prefix",
			fmt.Sprintf("write %s, or %s for the one address", p.Masked(), p.Addr())}
	}
	return AddressRange{p.Addr(), lastAddress(p)}, nil
}
