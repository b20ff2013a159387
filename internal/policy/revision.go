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
// and descriptions.
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
			r.Action, r.Group, r.Collection, r.Name, r.Protocols, r.Sources, r.Destinations, r.Ports)
	}
	return b.String()
}
