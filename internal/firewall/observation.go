package firewall

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/sekisho/sekisho/internal/ruleset"
)

// observation is what looking on needs of the host, for as long as it lasts.
type observation struct {
	borrowed borrowed
	file     string // where it is kept for who puts it back
	guard    *guard // nil where the configuration has none
	table    *ruleset.Observation
}

// newObservation notes what will be put back before anything is changed.
func (f *Firewall) newObservation(ctx context.Context, bit uint32) (*observation, error) {
	file, err := borrowedFile()
	if err != nil {
		return nil, err
	}
	o := &observation{file: file}
	free, err := f.bitIsFree(ctx, bit)
	if err != nil {
		return nil, err
	}
	if free {
		o.borrowed.Bit = bit
	}
	if err := o.borrowed.save(o.file); err != nil {
		return nil, err
	}
	if o.guard, err = f.startGuard(o.file); err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

// bitIsFree reports whether our bit of connection marks is nobody else's. Where it
// is, it is not to be cleared at the end: nobody could tell theirs from ours.
func (f *Firewall) bitIsFree(ctx context.Context, bit uint32) (bool, error) {
	conflicts, err := f.warnOfConflicts(ctx, bit)
	if err != nil || conflicts {
		return false, err
	}
	enforced, err := ruleset.InForce(ctx)
	if err != nil || enforced {
		return false, err // a firewall's, whose process has ended
	}
	inUse, err := ruleset.BitInUse(bit)
	if err != nil || inUse {
		f.log.Warn("connections that are open when this ends keep our bit in their marks: some have it already, or it cannot be seen",
			"bit", fmt.Sprintf("%#08x", bit), "error", err)
	}
	return err == nil && !inUse, nil
}

// close puts everything back, and then tells the guard off.
func (o *observation) close() error {
	var errs []error
	if o.table != nil {
		errs = append(errs, o.table.Close())
	}
	errs = append(errs, putBack(o.file))
	if o.guard != nil {
		errs = append(errs, o.guard.dismiss())
	}
	return errors.Join(errs...)
}

// logSettings make the kernel tell why packets are INVALID. The logger of
// nf_log is used by conntrack alone (net/netfilter/nf_log.c: whoever logs with
// rules says which logger), so it is free where conntrack is told to be silent.
var logSettings = []struct{ key, value string }{
	{"net.netfilter.nf_log.2", "nfnetlink_log"},
	{"net.netfilter.nf_log.10", "nfnetlink_log"},
	{logInvalid, asking},
}

const logInvalid = "net.netfilter.nf_conntrack_log_invalid"

// askForReasons sets the kernel's log, if nobody has asked for it before.
func (o *observation) askForReasons() (ok bool, err error) {
	loadReasonLogger()
	before := values{}
	for _, s := range logSettings {
		value, err := readSysctl(s.key)
		if errors.Is(err, os.ErrNotExist) {
			continue // a kernel without IPv6
		}
		if err != nil {
			return false, err
		}
		if s.key == logInvalid && value != silent {
			return false, nil
		}
		before[s.key] = value
	}
	o.borrowed.Sysctls = before
	if err := o.borrowed.save(o.file); err != nil {
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
