package ruleset

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ForwardChains are the base chains at the forward hook of this network namespace, in
// words ("chain a of table inet b") by their priority: those that IPv4 or IPv6
// packets pass. Of several at one priority it is one.
func ForwardChains(ctx context.Context) (map[int32]string, error) {
	text, err := listed(ctx, "--numeric-priority", "list", "chains")
	if err != nil {
		return nil, err
	}
	return ForwardChainsIn(text), nil
}

var forwardPriority = regexp.MustCompile(`hook forward priority (-?\d+);`)

// ForwardChainsIn reads what `nft --numeric-priority list chains` prints.
func ForwardChainsIn(listing string) map[int32]string {
	found := map[int32]string{}
	chain := ""
	eachInTable(listing, func(table, line string) {
		if name, is := strings.CutPrefix(line, "chain "); is {
			chain = strings.TrimSuffix(name, " {")
		}
		at := forwardPriority.FindStringSubmatch(line)
		family, _, _ := strings.Cut(table, " ")
		if at == nil || !slices.Contains([]string{"ip", "ip6", "inet"}, family) {
			return
		}
		if priority, err := strconv.ParseInt(at[1], 10, 32); err == nil && found[int32(priority)] == "" {
			found[int32(priority)] = fmt.Sprintf("chain %s of table %s", chain, table)
		}
	})
	return found
}
