package firewall

import (
	"errors"
	"os"
)

// writeWhole replaces a file: a process that is killed meanwhile leaves the old
// one or the new one, never half of it.
func writeWhole(name string, data []byte) error {
	next := name + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return errors.Join(err, removeFile(next)) // a part of it takes the room that there is
	}
	return os.Rename(next, name)
}

// runFolder has the sockets, which not only root may reach, and beside them the
// private folders of firewalls and observers.
const runFolder = "/run/sekisho"

// makePrivate makes a folder that only root may enter.
func makePrivate(folder string) error {
	return errors.Join(os.MkdirAll(runFolder, 0o755), os.MkdirAll(folder, 0o700))
}
