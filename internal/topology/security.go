package topology

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

var (
	directions = []SecurityDirection{Inbound, Outbound}
	accesses   = []SecurityAccess{AccessAllow, AccessDeny}
	protocols  = []SecurityProtocol{ProtocolTCP, ProtocolUDP, ProtocolICMP, ProtocolAny}
	tags       = []string{TagVirtualNetwork, TagInternet, TagLoadBalancer, Any}
)

// canonicalWord returns ARM's spelling, or what was given where it is unknown.
func canonicalWord[W ~string](given W, known []W) W {
	for _, w := range known {
		if strings.EqualFold(string(given), string(w)) {
			return w
		}
	}
	return given
}

// isWord tells a tag from a prefix that was mistyped.
func isWord(text string) bool {
	return text != "" && unicode.IsLetter(rune(text[0])) && !strings.Contains(text, ":")
}

// PortRange has both its ends.
type PortRange struct {
	First uint16 `json:"first"`
	Last  uint16 `json:"last"`
}

var allPorts = PortRange{0, 65535}

// Contains reports whether the port is in the range.
func (r PortRange) Contains(port uint16) bool { return r.First <= port && port <= r.Last }

// parsePorts reads "*", "443" or "8000-8099".
func parsePorts(text string) (PortRange, error) {
	if text == Any {
		return allPorts, nil
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, err := strconv.ParseUint(first, 10, 16)
	if err != nil {
		return PortRange{}, fmt.Errorf("read port %q: %w", first, err)
	}
	to, err := strconv.ParseUint(last, 10, 16)
	if err != nil {
		return PortRange{}, fmt.Errorf("read port %q: %w", last, err)
	}
	if from > to {
		return PortRange{}, fmt.Errorf("read ports %q: the last one is before the first one", text)
	}
	return PortRange{uint16(from), uint16(to)}, nil
}

// exempt tells the subnets in which Azure has no security groups: it protects
// firewalls by itself, and a gateway may stop working behind one.
func (s *Subnet) exempt() bool {
	return s.Name == firewallSubnet || s.Name == gatewaySubnet
}

// normalize gives the words of a rule ARM's spelling.
func (r *SecurityRule) normalize() {
	r.Direction = canonicalWord(r.Direction, directions)
	r.Access = canonicalWord(r.Access, accesses)
	r.Protocol = canonicalWord(r.Protocol, protocols)
	r.SourceAddressPrefix = canonicalWord(r.SourceAddressPrefix, tags)
	r.DestinationAddressPrefix = canonicalWord(r.DestinationAddressPrefix, tags)
	r.SourceAddressPrefixes = canonicalWords(r.SourceAddressPrefixes)
	r.DestinationAddressPrefixes = canonicalWords(r.DestinationAddressPrefixes)
	r.SourcePortRanges = absentIfEmpty(r.SourcePortRanges)
	r.DestinationPortRanges = absentIfEmpty(r.DestinationPortRanges)
}

func canonicalWords(list []string) []string {
	result := make([]string, len(list))
	for i, text := range list {
		result[i] = canonicalWord(text, tags)
	}
	return absentIfEmpty(result)
}
