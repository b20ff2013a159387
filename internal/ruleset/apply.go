package ruleset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// tableName is the table's, in family inet.
const tableName = "sekisho"

// ErrNoNft says that the program nft is not there.
var ErrNoNft = errors.New("nft is not there: install nftables")

// Apply puts the ruleset in force in the network namespace of the calling
// thread, in place of the one before, in one transaction: on an error that one
// stays. The error carries nft's own message; it is ErrNoNft where nft is
// missing.
func (r *Ruleset) Apply(ctx context.Context) error {
	if err := nft(ctx, r.Text); err != nil {
		return fmt.Errorf("apply policy %s: %w", r.Policy.Name, err)
	}
	return nil
}

// Remove deletes the table from the network namespace of the calling thread, if
// it is there. From then on everything is forwarded. The marks of connections
// stay.
func Remove(ctx context.Context) error {
	// Deleting alone would be an error where there is no table.
	script := fmt.Sprintf("add table inet %s\ndelete table inet %s\n", tableName, tableName)
	if err := nft(ctx, script); err != nil {
		return fmt.Errorf("remove table inet %s: %w", tableName, err)
	}
	return nil
}

// nft runs a script as one transaction.
func nft(ctx context.Context, script string) error {
	path, err := exec.LookPath("nft")
	if err != nil {
		return ErrNoNft
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, "-f", "-")
	cmd.Stdin = strings.NewReader(script)
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		if message := firstLines(stderr.String(), 10); message != "" {
			return fmt.Errorf("nft: %w: %s", err, message)
		}
		return fmt.Errorf("nft: %w", err)
	}
	return nil
}

// firstLines keeps an error readable: nft repeats its message for each rule.
func firstLines(text string, n int) string {
	lines := strings.SplitAfterN(strings.TrimSpace(text), "\n", n+1)
	return strings.TrimSpace(strings.Join(lines[:min(n, len(lines))], ""))
}
