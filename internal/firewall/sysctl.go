package firewall

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// sysctls sets what a firewall needs and remembers what was there before.
type sysctls struct {
	file string // where the old values are kept, as JSON
}

// values are sysctls by key.
type values map[string]string

// set writes what a firewall needs and what is asked for besides; on an error
// it leaves everything as it was. Values from before the first set are kept,
// so that a restart does not take our own values for the host's. What an
// earlier set changed and this one does not ask for is put back.
func (s *sysctls) set(reasons bool, more ...setting) error {
	before, err := s.saved()
	if err != nil {
		return err
	}
	wanted := slices.Concat(needed, more)
	if reasons {
		wanted = append(wanted, neededForReasons...)
	}
	if !hasIPv6() {
		wanted = slices.DeleteFunc(wanted, func(w setting) bool {
			return strings.HasPrefix(w.key, "net.ipv6.") || w.key == "net.netfilter.nf_log.10"
		})
	}
	if err := s.change(before, wanted); err != nil {
		return err
	}
	return s.putBackOthers(before, wanted)
}

// change writes the settings that are not as wanted. Their values are on disk
// before the first is written: a crash in between loses none.
func (s *sysctls) change(before values, wanted []setting) error {
	now, changes, err := differing(wanted)
	if err != nil || len(changes) == 0 {
		return err
	}
	known := maps.Clone(before)
	for key, value := range now {
		if _, ok := before[key]; !ok {
			before[key] = value
		}
	}
	if err := s.save(before); err != nil {
		return err
	}
	for _, w := range changes {
		if err := w.write(); err != nil {
			return errors.Join(err, now.write(), s.save(known))
		}
	}
	return nil
}

// differing returns the settings that are not as wanted, and the values of all
// that will change with them.
func differing(wanted []setting) (values, []setting, error) {
	now, changes := values{}, []setting(nil)
	for _, w := range wanted {
		value, err := readSysctl(w.key)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s (%s): %w", w.key, w.why, err)
		}
		if value == w.value {
			continue
		}
		changes = append(changes, w)
		now[w.key] = value
		for _, key := range w.altered() {
			if value, err := readSysctl(key); err == nil { // else an interface that just went away
				now[key] = value
			}
		}
	}
	return now, changes, nil
}

// putBackOthers puts back what was changed and is not wanted any more.
func (s *sysctls) putBackOthers(before values, wanted []setting) error {
	others := values{}
	for key, value := range before {
		if !slices.ContainsFunc(wanted, func(w setting) bool { return w.covers(key) }) {
			others[key] = value
		}
	}
	if len(others) == 0 {
		return nil
	}
	if err := others.write(); err != nil {
		return err
	}
	maps.DeleteFunc(before, func(key, _ string) bool { _, ok := others[key]; return ok })
	return s.save(before)
}

// restore puts the old values back and forgets them.
func (s *sysctls) restore() error {
	before, err := s.saved()
	if err != nil {
		return err
	}
	err = before.write()
	if gone := os.Remove(s.file); !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

func (s *sysctls) saved() (values, error) {
	before := values{}
	data, err := os.ReadFile(s.file)
	if errors.Is(err, os.ErrNotExist) {
		return before, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &before); err != nil {
		return nil, fmt.Errorf("read %s: %w", s.file, err)
	}
	return before, nil
}

func (s *sysctls) save(before values) error {
	data, err := json.MarshalIndent(before, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(s.file, data)
}

func (w setting) write() error {
	err := writeSysctl(w.key, w.value)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("set %s=%s (%s): %w", w.key, w.value, w.why, err)
	if w.hint != "" {
		err = fmt.Errorf("%w\n  hint: %s", err, w.hint)
	}
	return err
}

// altered are the keys that the kernel changes with this setting.
func (w setting) altered() []string {
	var keys []string
	for _, pattern := range w.alters {
		files, _ := filepath.Glob(filepath.Join(proc, pattern)) // the patterns are ours, and right
		for _, file := range files {
			keys = append(keys, strings.TrimPrefix(file, proc))
		}
	}
	return keys
}

// covers says whether a key has its value for the sake of this setting.
func (w setting) covers(key string) bool {
	return key == w.key || slices.ContainsFunc(w.alters, func(pattern string) bool {
		match, _ := path.Match(pattern, key)
		return match
	})
}

// write puts values into force. Keys with dots come before paths, so what the
// kernel changes with a setting is written after it. What is not there any
// more, as an interface that went away, needs nothing.
func (v values) write() error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(v)) {
		if err := writeSysctl(key, v[key]); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, fmt.Errorf("put %s back to %s: %w", key, v[key], err))
		}
	}
	return errors.Join(errs...)
}

const proc = "/proc/sys/"

// sysctlPath turns a.b.c into /proc/sys/a/b/c. A key that is a path already,
// as interfaces with dots in their names need, stays one.
func sysctlPath(key string) string {
	if !strings.Contains(key, "/") {
		key = strings.ReplaceAll(key, ".", "/")
	}
	return proc + key
}

func readSysctl(key string) (string, error) {
	data, err := os.ReadFile(sysctlPath(key))
	return strings.TrimSpace(string(data)), err
}

func writeSysctl(key, value string) error {
	return os.WriteFile(sysctlPath(key), []byte(value), 0)
}
