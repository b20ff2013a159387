package firewall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// Observe records on a router whose rules are its own: it has no policy, drops
// nothing, and leaves no rule, program or table when it ends, however it ends.
// Connections that are open then keep their bit in the mark. What a crash can leave
// beside, settings of the kernel's log, the next one puts back.
func Observe(ctx context.Context, config *Config, log *slog.Logger) (*Firewall, error) {
	f, err := prepare(config, log)
	if err != nil {
		return nil, err
	}
	f.source.OnlyObserved = true
	if err := f.observe(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (f *Firewall) observe(ctx context.Context) error {
	marks, err := f.config.marks()
	if err != nil {
		return err
	}
	table, err := ruleset.Observe(ctx, marks)
	if err != nil {
		return err
	}
	f.observation = &observation{table: table}
	if err := f.warnOfConflicts(ctx, marks.Handshake()); err != nil {
		return err
	}
	reasons := f.wantsReasons()
	if reasons {
		if reasons, err = f.observation.askForReasons(); err != nil {
			return err
		}
		if !reasons {
			f.log.Warn("the kernel's log of invalid packets is somebody else's here; INVALID rows will have no reason")
			f.miss(reasonsPart, logs.State{Detail: "the kernel's log of invalid packets (" + logInvalid + ") is somebody else's here"})
		}
	}
	f.warnOfBlindness()
	f.recorder, err = capture.Open(capture.Config{
		MarkHandshake:    marks.Handshake(),
		RingBytes:        f.config.Capture.RingBytes,
		SynRingBytes:     f.config.Capture.SynRingBytes,
		RefusedRingBytes: f.config.Capture.RefusedRingBytes,
		FirstRingBytes:   f.config.Capture.FirstRingBytes,
		Reasons:          reasons,
		ReasonsRate:      f.config.Capture.ReasonsRate,
		Listening:        f.tellListening,
		Ignored:          f.takeIgnored,
		Mark:             f.mark,
		Due:              f.due,
		Memory:           f.stream.memory,
	})
	if err != nil {
		return err
	}
	f.connections.begin(time.Now())
	f.warnOfDeafness()
	f.openDrops(drops.Config{})
	f.openEnds()
	return f.openOutputs()
}

// warnOfBlindness tells what this host's settings hide. They are the host's:
// who only looks on changes nothing that decides about packets.
func (f *Firewall) warnOfBlindness() {
	if v, err := readSysctl("net.netfilter.nf_conntrack_tcp_loose"); err == nil && v != "0" {
		f.log.Warn("packets from the middle of unknown connections are adopted here (net.netfilter.nf_conntrack_tcp_loose=" + v +
			"), so asymmetric routing hardly shows as INVALID; sysctl -w net.netfilter.nf_conntrack_tcp_loose=0 shows it, and drops nothing by itself")
	}
	v4, _ := readSysctl("net.ipv4.ip_forward")
	v6, _ := readSysctl("net.ipv6.conf.all.forwarding")
	if v4 == "0" && v6 != "1" {
		f.log.Warn("this host forwards nothing (net.ipv4.ip_forward=0), so there is nothing to see")
	}
}

// observation is what looking on needs of the host, for as long as it lasts.
type observation struct {
	table    *ruleset.Observation
	borrowed map[string]string // sysctls that we have set, and their values before
	file     string            // where they are kept for who comes after a crash
}

func (o *observation) close() error {
	return errors.Join(o.giveBack(), o.table.Close())
}

// logSettings make the kernel tell why packets are INVALID. The logger of
// nf_log is used by conntrack alone (net/netfilter/nf_log.c: whoever logs with
// rules says which logger), so it is free where conntrack is told to be silent.
var logSettings = []struct{ key, value string }{
	{"net.netfilter.nf_log.2", "nfnetlink_log"},
	{"net.netfilter.nf_log.10", "nfnetlink_log"},
	{logInvalid, "6"},
}

const logInvalid = "net.netfilter.nf_conntrack_log_invalid"

// askForReasons sets the kernel's log, if nobody has asked for it before.
func (o *observation) askForReasons() (ok bool, err error) {
	ns, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return false, err
	}
	loadReasonLogger()
	o.file = filepath.Join(runFolder, "observe", strings.Trim(ns, "net:[]")+".json")
	if err := o.adopt(); err != nil {
		return false, err
	}
	before := map[string]string{}
	for _, s := range logSettings {
		value, err := readSysctl(s.key)
		if errors.Is(err, os.ErrNotExist) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return false, err
		}
		if s.key == logInvalid && value != "0" {
			return false, nil
		}
		before[s.key] = value
	}
	o.borrowed = before
	if err := o.remember(); err != nil {
		return false, err
	}
	for _, s := range logSettings {
		if _, there := before[s.key]; !there {
			continue
		}
		if err := writeSysctl(s.key, s.value); err != nil {
			return false, fmt.Errorf("set %s=%s: %w", s.key, s.value, err)
		}
	}
	return true, nil
}

// adopt puts back what an earlier process had borrowed and not given back.
func (o *observation) adopt() error {
	data, err := os.ReadFile(o.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, &o.borrowed); err != nil {
		return fmt.Errorf("read %s: %w", o.file, err)
	}
	return o.giveBack()
}

func (o *observation) remember() error {
	data, err := json.Marshal(o.borrowed)
	if err != nil {
		return err
	}
	if err := makePrivate(filepath.Dir(o.file)); err != nil {
		return err
	}
	return writeWhole(o.file, data)
}

func (o *observation) giveBack() error {
	var errs []error
	for key, value := range o.borrowed {
		if err := writeSysctl(key, value); err != nil {
			errs = append(errs, fmt.Errorf("put %s back to %s: %w", key, value, err))
		}
	}
	o.borrowed = nil
	if o.file != "" {
		if err := os.Remove(o.file); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
		_ = os.Remove(filepath.Dir(o.file)) // the last one; that it is not empty is fine
	}
	return errors.Join(errs...)
}
