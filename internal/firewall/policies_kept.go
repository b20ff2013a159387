package firewall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// applyPolicy applies a policy, and tells where the next process will not know it.
func (f *Firewall) applyPolicy(ctx context.Context, pol *policy.Policy) (*ruleset.Ruleset, error) {
	compiled, err := f.policies.apply(ctx, pol)
	if err != nil {
		return nil, err
	}
	f.policies.mu.RLock()
	unkept := f.policies.unkept
	f.policies.mu.RUnlock()
	if unkept != nil {
		f.log.Warn("the policy is in force, but cannot be kept for the next start", "error", unkept)
	}
	f.heard(namesPart, unkept)
	return compiled, nil
}

// remember keeps a policy for the next process, before it is applied: a crash in
// between leaves a generation that nobody uses, not rules that nobody can name. Where
// it cannot be kept, as on a full disk, that is no reason not to apply it: unkept says
// why, and the next process knows that it does not know. An error is that what is kept
// is wrong and cannot be taken away.
func (p *policies) remember(generation uint8, pol *policy.Policy) (unkept, err error) {
	if unkept = p.keepText(generation, pol); unkept != nil {
		// What is there is another policy's: its names would be told.
		p.kept[generation] = ""
		err = removeFile(p.policyFile(generation))
	}
	state, impossible := json.Marshal(generationState{Generation: generation})
	file := filepath.Join(p.folder, "generation.json")
	if failed := errors.Join(impossible, writeWhole(file, state)); failed != nil && overwrite(file, state) != nil {
		// Without it the next process takes none for the last. With that of the
		// generation before, it would apply its own policy as this one.
		unkept = errors.Join(unkept, failed)
		err = errors.Join(err, removeFile(file))
	}
	return unkept, err
}

// keepText has the text of a policy in the file of its generation. Where another
// generation's file has it, it takes no room.
func (p *policies) keepText(generation uint8, pol *policy.Policy) error {
	revision, name := pol.Revision(), p.policyFile(generation)
	if p.kept[generation] == revision {
		return nil
	}
	if same := slices.Index(p.kept[:], revision); same >= 0 {
		next := name + ".next"
		if err := errors.Join(removeFile(next), os.Link(p.policyFile(uint8(same)), next), os.Rename(next, name)); err == nil {
			p.kept[generation] = revision
			return nil
		}
	}
	text, err := pol.Encode()
	if err != nil {
		return err
	}
	if err := writeWhole(name, text); err != nil {
		return fmt.Errorf("keep policy %s: %w", pol.Name, err)
	}
	p.kept[generation] = revision
	return nil
}

// overwrite writes over a small file of the same size, at once: that takes no room.
func overwrite(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err != nil || size != int64(len(data)) {
		return errors.Join(err, fmt.Errorf("%s has %d bytes, not %d", name, size, len(data)))
	}
	_, err = f.WriteAt(data, 0)
	return err
}

// removeFile removes a file that may not be there.
func removeFile(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
