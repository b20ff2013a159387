package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// Revision names what the policy means: twelve hexadecimal digits, the
// beginning of the SHA-256 of its canonical form. Files that decide and log
// alike have the same one, whatever their syntax, order of groups, comments
// and descriptions. Policies that decide about IPv4 only have the one that they
// had before there was IPv6.
func (p *Policy) Revision() string {
	sum := sha256.Sum256([]byte(p.canonical()))
	return hex.EncodeToString(sum[:6])
}

// canonical is one line for the name and one for each rule in the order of
// evaluation. Changing it changes the revision of every policy.
func (p *Policy) canonical() string {
	var b strings.Builder
	fmt.Fprintf(&b, "policy %q\n", p.Name)
	for _, r := range p.Rules() {
		fmt.Fprintf(&b, "%s %q %q %q protocols %v sources %v destinations %v ports %v\n",
			r.Action, r.Group, r.Collection, r.Name, r.Protocols, canonicalAddresses(r.Sources), canonicalAddresses(r.Destinations), r.Ports)
	}
	return b.String()
}

// canonicalAddresses are the ranges as they are written, with one exception:
// all of IPv4 is "*", which was its only name when policies knew no IPv6.
func canonicalAddresses(ranges []AddressRange) []string {
	out := texts(ranges)
	if len(ranges) > 0 && ranges[0] == allIPv4 {
		out[0] = AllAddresses.String()
	}
	return out
}
