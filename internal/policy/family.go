package policy

// paired sorts and merges a rule's sources and destinations, IPv4 before IPv6.
// Source and destination of a packet are always of one family, so the addresses
// of a family that the other side does not have match nothing, and are left
// out. "*" has both.
func paired(sources, destinations []AddressRange) (from, to []AddressRange) {
	for _, family := range []AddressRange{allIPv4, allIPv6} {
		s, d := within(family, sources), within(family, destinations)
		if len(s) > 0 && len(d) > 0 {
			from = append(from, merge(s, addressOrder)...)
			to = append(to, merge(d, addressOrder)...)
		}
	}
	return from, to
}

// within is what the ranges have of one family.
func within(family AddressRange, ranges []AddressRange) []AddressRange {
	var out []AddressRange
	for _, r := range ranges {
		if r.First.Less(family.First) {
			r.First = family.First
		}
		if family.Last.Less(r.Last) {
			r.Last = family.Last
		}
		if !r.Last.Less(r.First) {
			out = append(out, r)
		}
	}
	return out
}
