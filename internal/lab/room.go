package lab

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sekisho/sekisho/internal/document"
)

// makeRoom clears away what is left of an earlier lab of the name, and refuses
// to touch one that lives, and namespaces of others.
func (s *Supervisor) makeRoom(ctx context.Context) error {
	old, err := readState(s.name)
	if old.Supervisor.alive() {
		return document.Problem{Field: "lab", Value: s.name, Message: "a lab of this name is up",
			Hint: "take it down with: sekisho lab down " + s.name}
	}
	left, scan := belongings(s.name, old.Namespaces)
	if scan != nil {
		return scan
	}
	if len(left) > 0 || !errors.Is(err, fs.ErrNotExist) {
		s.progress("cleaning up what is left of an earlier lab of this name")
		if err := clearAway(ctx, left); err != nil {
			return err
		}
	}
	for _, name := range namespacesOf(s.name, s.nodes) {
		if _, err := os.Lstat(filepath.Join(namespaceFolder, name)); err == nil {
			return errors.Join(removeFolder(s.name), document.Problem{Field: "lab", Value: s.name,
				Message: "the network namespace " + name + " is somebody else's", Hint: "give the lab another name"})
		}
	}
	return emptyFolder(s.name)
}
