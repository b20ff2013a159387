package ruleset

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// FlowtablesIn names the flowtables in what `nft list flowtables` prints: packets of
// connections in one do not come to the forward hook.
func FlowtablesIn(listing string) (found []string) {
	eachInTable(listing, func(table, line string) {
		if name, is := strings.CutPrefix(line, "flowtable "); is {
			found = append(found, fmt.Sprintf("flowtable %s of table %s", strings.TrimSuffix(name, " {"), table))
		}
	})
	return found
}

var (
	quoted  = regexp.MustCompile(`"[^"]*"`)
	notrack = regexp.MustCompile(`\bnotrack\b`) // as nft writes iptables' too
)

// UntrackingIn are the rules, in what `nft list ruleset` prints, by which conntrack
// does not look at packets: nothing can be known of their connections.
func UntrackingIn(listing string) (found []string) {
	eachInTable(listing, func(table, line string) {
		if notrack.MatchString(quoted.ReplaceAllString(line, "")) {
			found = append(found, fmt.Sprintf("table %s: %q", table, line))
		}
	})
	return found
}

// Flowtables are those of this network namespace, in words.
func Flowtables(ctx context.Context) ([]string, error) {
	text, err := listed(ctx, "list", "flowtables")
	if err != nil {
		return nil, err
	}
	return FlowtablesIn(text), nil
}
