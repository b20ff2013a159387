package firewall

import (
	"context"
	"errors"
	"fmt"
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
	marked, err := leavesMarks(ctx, config)
	err = errors.Join(err,
		restore.restore(),
		capture.RemovePinned(config.ID()),
		ruleset.Remove(ctx),
		marked.clear(),
	)
	return errors.Join(err, os.RemoveAll(config.stateFolder()))
}

// leftMarks are the bits of connections' marks that a firewall may have set; none where
// none was here: they may be somebody else's then.
type leftMarks uint32

func leavesMarks(ctx context.Context, config *Config) (leftMarks, error) {
	inForce, err := ruleset.InForce(ctx)
	if err != nil {
		return 0, err
	}
	if !inForce && !capture.Pinned(config.ID()) {
		return 0, nil
	}
	marks, err := config.marks()
	if err != nil {
		return 0, err
	}
	return leftMarks(marks.Mask()), nil
}

func (m leftMarks) clear() error {
	ctx, cancel := context.WithTimeout(context.Background(), clearTime)
	defer cancel()
	if err := ruleset.ClearBits(ctx, uint32(m)); err != nil {
		return fmt.Errorf("take our bits out of connection marks: %w", err)
	}
	return nil
}
