package capture

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Places are the priorities at the forward hook at which a recorder may be: after
// the decision (0) and before its enforcement (20), in the order in which they are
// tried. The kernel refuses a link where another link or a chain is, and firewalld's
// chain is at 10. What such a chain drops, as firewalld does with INVALID packets, is
// recorded only before it.
func Places() []int32 {
	places := []int32{HookPriority}
	for p := int32(HookPriority - 1); p > decidePriority; p-- {
		places = append(places, p)
	}
	for p := int32(HookPriority + 1); p < enforcePriority; p++ {
		places = append(places, p)
	}
	return places
}

const decidePriority, enforcePriority = 0, 20

// Taken tries a place with a program that lets everything pass, and gives it back
// at once if it gets it. A kernel without a family has no place to be taken.
func Taken(f link.NetfilterProtocolFamily, priority int32) (bool, error) {
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "try", Type: ebpf.Netfilter, AttachType: ebpf.AttachNetfilter, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, nfAccept), asm.Return()},
	})
	if err != nil {
		return false, fmt.Errorf("load program: %w", err)
	}
	defer program.Close()
	l, err := attachForward(f, program, priority)
	switch {
	case errors.Is(err, unix.EBUSY):
		return true, nil
	case errors.Is(err, unix.EAFNOSUPPORT):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("try the forward hook, priority %d: %w", priority, err)
	}
	if err := errors.Join(l.Detach(), l.Close()); err != nil {
		return false, fmt.Errorf("leave the forward hook, priority %d: %w", priority, err)
	}
	return false, nil
}

const nfAccept = 1 // NF_ACCEPT of linux/netfilter.h

// nobodyBeside is an error where the recorder of another firewall is pinned in this
// namespace: its process has ended, or this one would not be here. (To look at links
// that are not pinned takes CAP_SYS_ADMIN.)
func (r *Recorder) nobodyBeside() error {
	for id, folder := range pinnedLinks() {
		if filepath.Dir(folder) == filepath.Clean(r.config.PinPath) {
			continue
		}
		here, err := (Link{ID: id, Family: link.NetfilterProtoIPv4, Priority: HookPriority, Pinned: folder}).Here(nil)
		if err != nil {
			return err
		}
		if here {
			return fmt.Errorf("attach recorder: that of another firewall, %s, is in this network namespace: remove what it left: sekisho run --remove with its file",
				filepath.Base(filepath.Dir(folder)))
		}
	}
	return nil
}

// freePlace is the first place that nobody has. Chains may have some, and those
// whose place we take. Another BPF program may be a recorder too.
func freePlace(chains map[int32]string, old []int32) (int32, error) {
	var words []string
	for _, p := range Places() {
		taken4, err4 := Taken(link.NetfilterProtoIPv4, p)
		taken6, err6 := Taken(link.NetfilterProtoIPv6, p)
		switch err := cmp.Or(err4, err6); {
		case err != nil:
			return 0, err
		case !taken4 && !taken6:
			return p, nil
		case chains[p] != "":
			words = append(words, fmt.Sprintf("%s at %d", chains[p], p))
		case !slices.Contains(old, p):
			return 0, fmt.Errorf("attach recorder: another BPF netfilter program sits at the forward hook with priority %d: end the other recorder of this network namespace, "+
				"or whoever it is of (bpftool link show)", p)
		}
	}
	return 0, fmt.Errorf("attach recorder: the forward hook has no free priority from 1 to 19: %s: give one of them another priority", strings.Join(words, ", "))
}
