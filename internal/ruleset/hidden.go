package ruleset

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
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
	out, err := exec.CommandContext(ctx, "nft", "list", "flowtables").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, ErrNoNft
	}
	if err != nil {
		return nil, fmt.Errorf("list flowtables: %w", err)
	}
	return FlowtablesIn(string(out)), nil
}

// eachInTable calls for each line of a listing of nft, with the table that it is in,
// as "ip filter".
func eachInTable(listing string, do func(table, line string)) {
	table := ""
	for line := range strings.Lines(listing) {
		line = strings.TrimSpace(line)
		if name, is := strings.CutPrefix(line, "table "); is {
			table = strings.TrimSuffix(name, " {")
			continue
		}
		do(table, line)
	}
}
