package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// hooks are the places of the programs: name is that of the pinned link, pin
// that of the program behind it.
var hooks = []hook{
	{linkPrefix + "4", programPrefix + "4", RecordProgRecord4, link.NetfilterProtoIPv4},
	{linkPrefix + "6", programPrefix + "6", RecordProgRecord6, link.NetfilterProtoIPv6},
}

type hook struct {
	name, pin string
	program   string
	family    link.NetfilterProtocolFamily
}

// places are the priorities at the forward hook at which a recorder may be. A
// link cannot be updated, and the kernel refuses two at one priority: who takes
// another's place sits beside it for a while.
var places = []int32{HookPriority, HookPriority + 1, HookPriority + 2}

// attach attaches what is not attached yet, at a place that no predecessor has.
func (r *Recorder) attach() error {
	if r.programs == nil {
		return nil // the set was there, whole
	}
	place, err := r.place()
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if err := r.attachAt(h, r.programs.Programs[h.program], place); err != nil {
			if errors.Is(err, unix.EAFNOSUPPORT) {
				continue // a kernel without IPv6
			}
			return fmt.Errorf("attach recorder at the forward hook, priority %d: %w", place, err)
		}
	}
	return nil
}

// place is where the links of the set are or, without any, a free one.
func (r *Recorder) place() (int32, error) {
	own, err := r.set.priorities()
	if err != nil {
		return 0, err
	}
	if len(own) > 0 {
		return own[0], nil
	}
	if len(r.old) == 0 {
		return HookPriority, nobodyBeside()
	}
	var taken []int32
	for _, s := range r.old {
		theirs, err := s.priorities()
		if err != nil {
			return 0, err
		}
		taken = append(taken, theirs...)
	}
	for _, p := range places {
		if !slices.Contains(taken, p) {
			return p, nil
		}
	}
	return 0, fmt.Errorf("attach recorder at the forward hook: all of the priorities %d are taken", places)
}

// attachAt attaches a program, unless the set has its link already.
func (r *Recorder) attachAt(h hook, program *ebpf.Program, place int32) error {
	pinned := filepath.Join(r.set.folder, h.name)
	if r.set.folder != "" {
		if _, err := os.Stat(pinned); err == nil {
			return nil
		}
	}
	if err := r.set.keepProgram(h, program); err != nil {
		return err
	}
	l, err := attachForward(h.family, program, place)
	if err != nil {
		return err
	}
	if r.set.folder != "" {
		if err := l.Pin(pinned); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	r.set.links = append(r.set.links, l)
	return nil
}

// keepProgram keeps the program itself too, for its statistics: the kernel gives
// that of a link only to who has CAP_SYS_ADMIN. One that is pinned already is that
// of a process that was killed before it attached it.
func (s *set) keepProgram(h hook, program *ebpf.Program) error {
	program, err := program.Clone()
	if err != nil {
		return fmt.Errorf("keep program: %w", err)
	}
	s.programs = append(s.programs, program)
	if s.folder == "" {
		return nil
	}
	pin := filepath.Join(s.folder, h.pin)
	if err := os.Remove(pin); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("unpin program: %w", err)
	}
	if err := program.Pin(pin); err != nil {
		return fmt.Errorf("pin program: %w", err)
	}
	return nil
}

func attachForward(family link.NetfilterProtocolFamily, program *ebpf.Program, place int32) (link.Link, error) {
	return link.AttachNetfilter(link.NetfilterOptions{
		Program: program, ProtocolFamily: family, Hook: link.NetfilterInetForward, Priority: place,
	})
}

// nobodyBeside is an error (EBUSY) where somebody has one of the places that a
// recorder may have, besides the first: a second firewall's recorder that once
// took another's place. It tries with a program that lets everything pass.
func nobodyBeside() error {
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "try", Type: ebpf.Netfilter, AttachType: ebpf.AttachNetfilter, License: "GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, nfAccept), asm.Return()},
	})
	if err != nil {
		return fmt.Errorf("load program: %w", err)
	}
	defer program.Close()
	for _, place := range places[1:] {
		l, err := attachForward(link.NetfilterProtoIPv4, program, place)
		if err != nil {
			return fmt.Errorf("try the forward hook, priority %d: %w", place, err)
		}
		if err := errors.Join(l.Detach(), l.Close()); err != nil {
			return fmt.Errorf("leave the forward hook, priority %d: %w", place, err)
		}
	}
	return nil
}

const nfAccept = 1 // NF_ACCEPT of linux/netfilter.h
