package drops

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
)

// Count is how many packets a watcher has counted that nothing tells of, one by
// one or with their like: Suppressed, Lost and Missed of its [Stats].
type Count struct {
	// Watcher names it; no other one has the name.
	Watcher string
	Packets uint64
	// Err says why they cannot be read any more.
	Err error
}

// What a watcher with a PinPath counts stands in these two objects, which are
// pinned as files there: a process that is killed has not told of all.
const (
	pinPrefix               = "drops-"
	cpusSuffix, watchSuffix = "-cpus", "-watch"
)

func pinName(path, watcher, suffix string) string {
	return filepath.Join(path, pinPrefix+watcher+suffix)
}

// pin lets the counters outlive the process. Not the link: nobody would read what
// the program sends.
func (w *Watcher) pin() error {
	if w.config.PinPath == "" {
		return nil
	}
	err := w.objects.Cpus.Pin(pinName(w.config.PinPath, w.name, cpusSuffix))
	if err == nil {
		err = w.objects.Watch.Pin(pinName(w.config.PinPath, w.name, watchSuffix))
	}
	if err != nil {
		return fmt.Errorf("pin counters of drops: %w", errors.Join(err, Forget(w.config.PinPath, w.name)))
	}
	return nil
}

// Left are the counts of the watchers that are pinned in a folder, the oldest
// first. While a watcher works its own is among them.
func Left(path string) []Count {
	files, _ := filepath.Glob(pinName(path, "*", cpusSuffix))
	var left []Count
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), pinPrefix), cpusSuffix)
		c := Count{Watcher: name}
		c.Packets, c.Err = readPinned(path, name)
		left = append(left, c)
	}
	slices.SortFunc(left, func(a, b Count) int { return strings.Compare(a.Watcher, b.Watcher) })
	return left
}

func readPinned(path, watcher string) (uint64, error) {
	cpus, err := ebpf.LoadPinnedMap(pinName(path, watcher, cpusSuffix), nil)
	if err != nil {
		return 0, fmt.Errorf("open counters of drops: %w", err)
	}
	defer cpus.Close()
	program, err := ebpf.LoadPinnedProgram(pinName(path, watcher, watchSuffix), nil)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil // its process was killed before it saw anything
	}
	if err != nil {
		return 0, fmt.Errorf("open counters of drops: %w", err)
	}
	defer program.Close()
	s, err := readStats(cpus, program)
	return s.untold(), err
}

// Forget unpins the counters of a watcher.
func Forget(path, watcher string) error {
	var errs []error
	for _, suffix := range []string{watchSuffix, cpusSuffix} {
		if err := os.Remove(pinName(path, watcher, suffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, fmt.Errorf("unpin counters of drops: %w", err))
		}
	}
	return errors.Join(errs...)
}
