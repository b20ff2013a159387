package firewall

import "fmt"

// askKernel has the kernel make its sentences about INVALID packets, or not while
// nobody listens to them. It changes only what we have set, and left so: what the
// host had before is put back as ever, and what somebody else sets meanwhile stays.
func (f *Firewall) askKernel(on bool) error {
	ours, err := f.asksKernel()
	if err != nil || !ours {
		return err
	}
	from, to := asking, silent
	if on {
		from, to = silent, asking
	}
	value, err := readSysctl(logInvalid)
	if err != nil || value != from {
		return err
	}
	if err := writeSysctl(logInvalid, to); err != nil {
		return fmt.Errorf("set %s=%s: %w", logInvalid, to, err)
	}
	return nil
}

// The values of net.netfilter.nf_conntrack_log_invalid: none, and TCP's number.
const (
	silent = "0"
	asking = "6"
)

// asksKernel reports whether it is us who have set it.
func (f *Firewall) asksKernel() (bool, error) {
	var before values
	if f.observation != nil {
		before = f.observation.borrowed.Sysctls
	} else {
		var err error
		if before, err = (&sysctls{file: f.config.sysctlFile()}).saved(); err != nil {
			return false, err
		}
	}
	_, ours := before[logInvalid]
	return ours, nil
}
