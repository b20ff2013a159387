package ruleset

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// listed is what nft prints of this network namespace's rules, whoever made them.
func listed(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "nft", args...).Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", ErrNoNft
	}
	if err != nil {
		return "", fmt.Errorf("nft %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
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
