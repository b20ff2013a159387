package firewall

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/capture"
)

// namespaceNames is where ip(8) keeps the names of network namespaces.
const namespaceNames = "/run/netns"

// RemoveGone is [Remove] for a firewall whose network namespace has lost its name: the
// rules and sysctls go with the namespace, which what is pinned has kept alive. It is
// refused where that has another name, or is this one.
func RemoveGone(config *Config) error {
	pinned := capture.PinnedNamespaces(config.ID())
	files, _ := filepath.Glob(filepath.Join(namespaceNames, "*"))
	for _, file := range append(files, "/proc/self/ns/net") {
		var ns unix.Stat_t
		if err := unix.Stat(file, &ns); err != nil || !slices.Contains(pinned, strconv.FormatUint(ns.Ino, 10)) {
			continue
		}
		where := "--netns " + filepath.Base(file)
		if filepath.Dir(file) != namespaceNames {
			where = "no networkNamespace"
		}
		return fmt.Errorf("firewall %s is in a network namespace that is there: use %s", config.ID(), where)
	}
	return errors.Join(capture.RemovePinned(config.ID()), os.RemoveAll(config.stateFolder()))
}
