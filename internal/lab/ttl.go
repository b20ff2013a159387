package lab

import (
	"fmt"
	"os/exec"
	"strings"
)

// keepTTL makes the fabric add one to the TTL of each packet before it is
// routed and routing takes one off. The chain has no ct expression, so the
// fabric tracks no connections.
func keepTTL(namespace string) error {
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(ttlRules())
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := startIn(namespace, cmd); err != nil {
		return fmt.Errorf("run nft (package nftables): %w", err)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("load the fabric's TTL rules: %w: %s", err, strings.TrimSpace(output.String()))
	}
	return nil
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
