package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// The first release with BPF programs of type netfilter. Some distributions
// have them in older ones, so the kernel's own answer counts more.
const (
	neededMajor = 6
	neededMinor = 4
)

const newerKernel = "boot Linux 6.4 or later; Debian 12 has it in bookworm-backports: apt install -t bookworm-backports linux-image-amd64 (or -arm64)"

func bpfPrograms(_ context.Context, h *host) Check {
	release, err := h.sysctl("kernel.osrelease")
	if err != nil {
		release = "of unknown release"
	}
	old := isOld(release)
	err = h.programs()
	switch {
	case err == nil:
		return ok("Linux %s has them", release)
	case old:
		return problem("Linux %s does not have them", release).advise(newerKernel)
	case errors.Is(err, ebpf.ErrNotSupported):
		return problem("Linux %s could have them, but is built without", release).
			advise("boot a kernel with CONFIG_NETFILTER_BPF_LINK=y, as those of Debian and Ubuntu are")
	case h.user() != rootUser:
		return skipped("Linux %s is new enough; only root can see more", release).advise("run it with sudo to see")
	}
	return problem("the kernel does not let us: %v", err).
		advise("run it on the host itself: a container, a user namespace or lockdown (cat /sys/kernel/security/lockdown) can forbid it")
}

// isOld tells whether a release, as `uname -r` prints it, is before the first
// that we can use. What cannot be read is not called old.
func isOld(release string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n != 2 {
		return false
	}
	return major < neededMajor || major == neededMajor && minor < neededMinor
}

func kernelTypes(_ context.Context, h *host) Check {
	if !h.exists("sys/kernel/btf/vmlinux") {
		return problem("the kernel does not describe its types: there is no /sys/kernel/btf/vmlinux").
			advise("boot a kernel with CONFIG_DEBUG_INFO_BTF=y, as those of Debian and Ubuntu are; in a container, mount /sys")
	}
	return ok("in /sys/kernel/btf/vmlinux")
}

// tracing looks whether the kernel lets a program watch a tracepoint with its types
// (tp_btf), as the one does that tells what the host drops. Without it a firewall
// runs all the same.
func tracing(_ context.Context, h *host) Check {
	if h.user() != rootUser {
		return h.unseen(errNotRoot)
	}
	err := h.tracing()
	if err == nil {
		return ok("what the host drops can be watched")
	}
	why, _, _ := strings.Cut(err.Error(), "\n")
	missing := warning("what the host drops cannot be watched, so KernelDrop is empty: %s", why)
	if errors.Is(err, btf.ErrNotFound) {
		return missing.advise("boot Linux 6.4 or later with CONFIG_DEBUG_INFO_BTF=y, as those of Debian and Ubuntu are")
	}
	return missing.advise("run it on the host itself, with CAP_BPF and CAP_PERFMON: a container or lockdown (cat /sys/kernel/security/lockdown) can forbid it")
}

const bpffs = "/sys/fs/bpf"

func bpfFileSystem(_ context.Context, h *host) Check {
	mounts, err := h.text("proc/self/mounts")
	if err != nil {
		return h.unseen(err)
	}
	var options []string // of the last that is mounted there, which hides the others
	for line := range strings.Lines(mounts) {
		if f := strings.Fields(line); len(f) > 3 && f[1] == bpffs && f[2] == "bpf" {
			options = strings.Split(f[3], ",")
		}
	}
	switch {
	case slices.Contains(options, "ro"):
		return problem("mounted at %s, read-only: the recorder cannot be kept there", bpffs).advise("mount -o remount,rw,bind %[1]s; and mount -o remount,rw %[1]s", bpffs)
	case options != nil:
		return ok("mounted at %s", bpffs)
	}
	// "ip netns exec" is the usual reason: it mounts a /sys of its own.
	return warning("not mounted: sekisho run mounts it, but only for itself where its mounts are its own, and the recorder then ends with it").
		advise("mount -t bpf bpf %s (and rather than ip netns exec: sekisho run --netns)", bpffs)
}
