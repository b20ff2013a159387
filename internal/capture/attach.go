package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cilium/ebpf"
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

// attach attaches what is not attached yet. A link cannot be updated, and the kernel
// refuses two at one priority: who takes a predecessor's place sits beside it for a
// while.
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
		if err := r.nobodyBeside(); err != nil {
			return 0, err
		}
	}
	var taken []int32
	for _, s := range r.old {
		theirs, err := s.priorities()
		if err != nil {
			return 0, err
		}
		taken = append(taken, theirs...)
	}
	chains := map[int32]string{}
	if r.config.Chains != nil {
		if chains, err = r.config.Chains(); err != nil {
			return 0, err
		}
	}
	return freePlace(chains, taken)
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
