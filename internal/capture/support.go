package capture

import (
	"errors"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/features"
	"golang.org/x/sys/unix"
)

// explain says what to do about an error of loading or attaching, in one
// sentence, where the cause can be told.
func explain(err error) error {
	return explainOn(err, os.Geteuid(), features.HaveProgramType(ebpf.Netfilter), kernelRelease())
}

// explainOn is explain for a user, for what the kernel says of netfilter
// programs, and for its release.
func explainOn(err error, user int, netfilter error, release string) error {
	switch {
	case user != 0 && errors.Is(err, unix.EPERM):
		return fmt.Errorf("recording needs root: run it with sudo (%w)", err)
	case errors.Is(netfilter, ebpf.ErrNotSupported):
		return fmt.Errorf("this kernel (%s) has no BPF netfilter programs: Linux 6.4 or later is needed; on Debian 12 install linux-image-amd64 (or -arm64) from bookworm-backports (%w)", release, err)
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("somebody has just taken the recorder's place at the forward hook: begin again (%w)", err)
	}
	return err
}

// kernelRelease is what `uname -r` says.
func kernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return "unknown"
	}
	return unix.ByteSliceToString(u.Release[:])
}

// Supported reports why this host cannot record, or nil.
func Supported() error {
	err := features.HaveProgramType(ebpf.Netfilter)
	if err == nil {
		return nil
	}
	return explain(err)
}
