package firewall

import (
	"context"
	"errors"
	"os"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// Remove takes a firewall's part of the kernel away: its table, the recorder,
// what was pinned, its state; and puts the sysctls back. It works on the
// remains of a crash and does nothing where nothing is left. While a process
// works in the namespace it is refused.
func Remove(ctx context.Context, config *Config) error {
	claimed, err := claim()
	if err != nil {
		return err
	}
	return errors.Join(remove(ctx, config), claimed.release())
}

func remove(ctx context.Context, config *Config) error {
	restore := &sysctls{file: config.sysctlFile()}
	return errors.Join(
		restore.restore(),
		capture.RemovePinned(config.ID()),
		ruleset.Remove(ctx),
		os.RemoveAll(config.stateFolder()),
	)
}
