package lab

import (
	"fmt"
	"strings"
)

// keepTTL makes the fabric add one to the TTL of each packet before it is
// routed and routing takes one off. The chain has no ct expression, so the
// fabric tracks no connections.
func keepTTL(namespace string) error {
	return loadRules(namespace, ttlRules())
}

// ttlRules has a chain for each TTL because nft cannot compute one: it refuses
// "ip ttl set ip ttl map { … }" for a field that is half of a 16-bit word of
// the checksum (nft 1.0.6: "Value 8 exceeds valid range 0-0"). To set it to a
// constant works, and a verdict map finds the chain in one look-up.
func ttlRules() string {
	var chains, verdicts strings.Builder
	for ttl := 1; ttl < 255; ttl++ {
		fmt.Fprintf(&chains, "  chain ttl-%d { ip ttl set %d; }\n", ttl, ttl+1)
		fmt.Fprintf(&verdicts, "%d : goto ttl-%d, ", ttl, ttl)
	}
	return fmt.Sprintf(`table ip sekisho-lab {
%s  chain prerouting {
    type filter hook prerouting priority -300; policy accept;
    ip ttl vmap { %s };
  }
}
`, chains.String(), strings.TrimSuffix(verdicts.String(), ", "))
}
