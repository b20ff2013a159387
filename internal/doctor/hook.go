package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf/link"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/ruleset"
)

// family is one of the two that the recorder sits at.
type family = link.NetfilterProtocolFamily

var families = []family{link.NetfilterProtoIPv4, link.NetfilterProtoIPv6}

// recorderPlace looks whether there is a place for the recorder between decision
// and enforcement: the kernel gives a BPF link a priority of its own, and refuses
// (EBUSY) one that any other link or chain of the same family has at that hook.
func recorderPlace(ctx context.Context, h *host) Check {
	if h.user() != rootUser {
		return h.unseen(errNotRoot)
	}
	listing, err := h.nft(ctx, "--numeric-priority", "list", "chains")
	if err != nil {
		return h.unseen(err)
	}
	links, err := h.links()
	if err != nil {
		return h.unseen(err)
	}
	chains := ruleset.ForwardChainsIn(listing)
	there, err := h.recorderThere(links, chains)
	if err != nil {
		return h.unseen(err)
	}
	if there {
		return ok("a recorder of Sekisho sits there already: a second firewall cannot run in this namespace")
	}
	return h.freePlace(links, chains)
}

// recorderThere looks for one of Sekisho in this namespace.
func (h *host) recorderThere(links []capture.Link, chains map[int32]string) (bool, error) {
	for _, l := range links {
		if !l.Recorder() {
			continue
		}
		if here, err := h.here(l, chains); here || err != nil {
			return here, err
		}
	}
	return false, nil
}

// freePlace finds the place that the recorder will take, as it does itself, but
// tries none at which nothing is.
func (h *host) freePlace(links []capture.Link, chains map[int32]string) Check {
	var sitting []string
	for _, p := range capture.Places() {
		who, err := h.occupant(p, links, chains)
		if err != nil {
			return h.unseen(err)
		}
		if who != "" {
			sitting = append(sitting, fmt.Sprintf("%s at %d", who, p))
			continue
		}
		if len(sitting) == 0 {
			return ok("free")
		}
		return ok("free at priority %d; beside it: %s", p, strings.Join(sitting, ", "))
	}
	return problem("somebody sits at the forward hook with each priority from 1 to 19, where no other can sit beside the recorder: %s", strings.Join(sitting, ", ")).
		advise("give one of them another priority; of a BPF program, bpftool link show tells whose it is")
}

// occupant is who sits at a place in this namespace; empty: nobody.
func (h *host) occupant(place int32, links []capture.Link, chains map[int32]string) (string, error) {
	if who := chains[place]; who != "" {
		return who, nil
	}
	at := slices.IndexFunc(links, func(l capture.Link) bool { return l.Priority == place })
	if at < 0 {
		return "", nil
	}
	for _, f := range families {
		if taken, err := h.taken(f, place); taken || err != nil {
			return fmt.Sprintf("BPF program %s", links[at].Program), err
		}
	}
	return "", nil
}
