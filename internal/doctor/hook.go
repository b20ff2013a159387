package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/capture"
)

// family is one of the two that the recorder sits at.
type family = link.NetfilterProtocolFamily

// recorder is a BPF link at the recorder's place, in some namespace.
type recorder struct {
	family  family
	link    link.ID
	program string // the BPF program's name, at most 15 bytes
}

func (r recorder) ours() bool {
	return r.program == capture.RecordProgRecord4 || r.program == capture.RecordProgRecord6
}

// recorderPlace looks whether others sit where the recorder wants to: the
// kernel gives a BPF link a priority of its own, and refuses (EBUSY) one that
// any other link or chain of the same family has at that hook.
func recorderPlace(ctx context.Context, h *host) Check {
	if h.user() != rootUser {
		return h.unseen(errNotRoot)
	}
	chains, err := h.nft(ctx, "--numeric-priority", "list", "chains")
	if err != nil {
		return h.unseen(err)
	}
	if chain := chainAtOurPlace(chains); chain != "" {
		return problem("%s sits at the forward hook with priority %d, where no other can sit beside the recorder", chain, capture.HookPriority).
			advise("give that chain another priority")
	}
	all, err := h.recorders()
	if err != nil {
		return h.unseen(err)
	}
	return h.whoIsHere(all)
}

// chainAtOurPlace finds a base chain in what `nft list chains` prints.
func chainAtOurPlace(listing string) string {
	place := fmt.Sprintf("hook forward priority %d;", capture.HookPriority)
	chain, found := "", ""
	eachInTable(listing, func(table, line string) {
		if name, is := strings.CutPrefix(line, "chain "); is {
			chain = fmt.Sprintf("chain %s of table %s", strings.TrimSuffix(name, " {"), table)
		}
		kind, _, _ := strings.Cut(table, " ")
		if strings.Contains(line, place) && slices.Contains([]string{"ip", "ip6", "inet"}, kind) && found == "" {
			found = chain
		}
	})
	return found
}

// whoIsHere tells of links in any namespace which can be in this one.
func (h *host) whoIsHere(all []recorder) Check {
	var here []recorder
	taken := map[family]bool{}
	for _, r := range all {
		if _, known := taken[r.family]; !known {
			is, err := h.taken(r.family)
			if err != nil {
				return h.unseen(err)
			}
			taken[r.family] = is
		}
		if taken[r.family] {
			here = append(here, r)
		}
	}
	foreign := slices.DeleteFunc(slices.Clone(here), recorder.ours)
	switch {
	case len(here) == 0:
		return ok("free")
	case len(foreign) == 0:
		return ok("a recorder of Sekisho sits there already: a second firewall cannot run in this namespace")
	}
	advice := fmt.Sprintf("bpftool link show id %d tells whose it is; stop that", foreign[0].link)
	if len(foreign) < len(here) {
		// With one in a lab and one here, nothing tells which is which.
		return warning("BPF program %s or a recorder of Sekisho sits there, and the other in another namespace", foreign[0].program).advise("%s", advice)
	}
	return problem("BPF program %s sits there", foreign[0].program).advise("%s", advice)
}

// recorders lists the links at our place in all namespaces: the kernel does
// not tell a link's namespace.
func recorders() ([]recorder, error) {
	var found []recorder
	links := new(link.Iterator)
	defer links.Close()
	for links.Next() {
		info, err := links.Link.Info()
		if err != nil {
			continue // of a kind that the library does not know
		}
		at := info.Netfilter()
		if at != nil && at.Hook == link.NetfilterInetForward && at.Priority == capture.HookPriority {
			found = append(found, recorder{at.ProtocolFamily, info.ID, programName(info.Program)})
		}
	}
	return found, links.Err()
}

func programName(id ebpf.ProgramID) string {
	program, err := ebpf.NewProgramFromID(id)
	if err != nil {
		return "unknown"
	}
	defer program.Close()
	info, err := program.Info()
	if err != nil {
		return "unknown"
	}
	return info.Name
}

// taken tries the place with a program that lets everything pass, and gives it
// back at once, if it gets it. It is asked only where a link of some namespace
// sits at such a place, so on most hosts never.
func taken(f family) (bool, error) {
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "doctor", Type: ebpf.Netfilter, AttachType: ebpf.AttachNetfilter, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, nfAccept), asm.Return()},
	})
	if err != nil {
		return false, fmt.Errorf("load program: %w", err)
	}
	defer program.Close()
	l, err := link.AttachNetfilter(link.NetfilterOptions{
		Program: program, ProtocolFamily: f, Hook: link.NetfilterInetForward, Priority: capture.HookPriority,
	})
	if errors.Is(err, unix.EBUSY) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("attach program: %w", err)
	}
	return false, l.Close()
}

// nfAccept is NF_ACCEPT of linux/netfilter.h.
const nfAccept = 1
