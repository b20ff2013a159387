package ruleset

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ForwardChains are the base chains at the forward hook of this network namespace, in
// words ("chain a of table inet b") by their priority: those that IPv4 or IPv6
// packets pass. Of several at one priority it is one.
func ForwardChains(ctx context.Context) (map[int32]string, error) {
	out, err := exec.CommandContext(ctx, "nft", "--numeric-priority", "list", "chains").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, ErrNoNft
	}
	if err != nil {
		return nil, fmt.Errorf("list chains: %w", err)
	}
	return ForwardChainsIn(string(out)), nil
}

var forwardPriority = regexp.MustCompile(`hook forward priority (-?\d+);`)

// ForwardChainsIn reads what `nft --numeric-priority list chains` prints.
func ForwardChainsIn(listing string) map[int32]string {
	found := map[int32]string{}
	table, chain := "", ""
	for line := range strings.Lines(listing) {
		line = strings.TrimSpace(line)
		if name, is := strings.CutPrefix(line, "table "); is {
			table = strings.TrimSuffix(name, " {")
		} else if name, is := strings.CutPrefix(line, "chain "); is {
			chain = strings.TrimSuffix(name, " {")
		}
		at := forwardPriority.FindStringSubmatch(line)
		family, _, _ := strings.Cut(table, " ")
		if at == nil || !slices.Contains([]string{"ip", "ip6", "inet"}, family) {
			continue
		}
		if priority, err := strconv.ParseInt(at[1], 10, 32); err == nil && found[int32(priority)] == "" {
			found[int32(priority)] = fmt.Sprintf("chain %s of table %s", chain, table)
		}
	}
	return found
}
