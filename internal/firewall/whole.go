package firewall

import "os"

// writeWhole replaces a file: a process that is killed meanwhile leaves the old
// one or the new one, never half of it.
func writeWhole(name string, data []byte) error {
	next := name + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, name)
}
