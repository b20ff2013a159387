package firewall

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// setting is a sysctl that the firewall needs, and why.
type setting struct {
	key, value, why string
}

// settings are per network namespace, all of them.
var settings = []setting{
	{"net.ipv4.ip_forward", "1", "a firewall forwards"},
	{"net.netfilter.nf_conntrack_tcp_loose", "0", "or a packet from the middle of an unknown connection is adopted instead of being INVALID"},
	{"net.netfilter.nf_log.2", "nfnetlink_log", "the kernel's reasons go to NFLOG group 0 of this namespace"},
	{"net.netfilter.nf_conntrack_log_invalid", "6", "the kernel says why TCP packets are INVALID"},
}

// sysctls sets what a firewall needs and remembers what was there before.
type sysctls struct {
	file string // where the old values are kept, as JSON
}

// set writes the settings. Values from before the first set are kept, so that
// a restart does not take our own values for the host's.
func (s *sysctls) set(reasons bool) error {
	before, err := s.saved()
	if err != nil {
		return err
	}
	for _, want := range settings {
		if !reasons && (strings.HasPrefix(want.key, "net.netfilter.nf_log") || strings.HasSuffix(want.key, "log_invalid")) {
			continue
		}
		old, err := readSysctl(want.key)
		if err != nil {
			return fmt.Errorf("read %s (%s): %w", want.key, want.why, err)
		}
		if _, known := before[want.key]; !known {
			before[want.key] = old
		}
		if old == want.value {
			continue
		}
		if err := writeSysctl(want.key, want.value); err != nil {
			return fmt.Errorf("set %s=%s (%s): %w", want.key, want.value, want.why, err)
		}
	}
	return s.save(before)
}

// restore puts the old values back and forgets them.
func (s *sysctls) restore() error {
	before, err := s.saved()
	if err != nil {
		return err
	}
	var errs []error
	for key, value := range before {
		if err := writeSysctl(key, value); err != nil {
			errs = append(errs, fmt.Errorf("put %s back to %s: %w", key, value, err))
		}
	}
	if err := os.Remove(s.file); err != nil && !errors.Is(err, os.ErrNotExist) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (s *sysctls) saved() (map[string]string, error) {
	before := map[string]string{}
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

func (s *sysctls) save(before map[string]string) error {
	data, err := json.MarshalIndent(before, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(s.file, data, 0o600)
}

// sysctlPath turns a.b.c into /proc/sys/a/b/c.
func sysctlPath(key string) string {
	return filepath.Join("/proc/sys", strings.ReplaceAll(key, ".", "/"))
}

func readSysctl(key string) (string, error) {
	data, err := os.ReadFile(sysctlPath(key))
	return strings.TrimSpace(string(data)), err
}

func writeSysctl(key, value string) error {
	return os.WriteFile(sysctlPath(key), []byte(value), 0)
}
