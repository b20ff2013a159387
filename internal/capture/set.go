package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// set is what belongs to one loaded program: its links, its rings and its
// counters. Where it is pinned, in a folder of its own, it goes on without a
// process, and the next one finds it there.
type set struct {
	folder   string // empty: not pinned
	layout   layout
	links    []link.Link     // one a family; none while it is not attached
	programs []*ebpf.Program // behind them; none of a set of an older program
	rings    []*ring
	maps     []*ebpf.Map // all of them
	counters *ebpf.Map   // nil where the process that made the set was killed at it
	carried  *ebpf.Map   // nil also in a set of the first layout
	unwanted *ebpf.Map   // which events are not sent; nil in a set of an older program
	// untracked counts packets that conntrack does not look at; nil in a set of an
	// older program.
	untracked *ebpf.Map
}

const (
	carriedName   = "carried"
	linkPrefix    = "link"
	programPrefix = "program"
)

// openSet opens what an earlier process has pinned. Rings that are named come
// in that order.
func openSet(folder string, order ...string) (*set, error) {
	s := &set{folder: folder, layout: layoutOf(folder)}
	if err := s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", folder, err), s.close())
	}
	slices.SortStableFunc(s.rings, func(a, b *ring) int { return slices.Index(order, a.name) - slices.Index(order, b.name) })
	return s, nil
}

// open opens all that is pinned. Of a layout that is not known here it opens
// what it can: that much can be taken away.
func (s *set) open() error {
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.openOne(e.Name()); err != nil && s.layout.known() {
			return err
		}
	}
	return nil
}

func (s *set) openOne(name string) error {
	file := filepath.Join(s.folder, name)
	if strings.HasPrefix(name, linkPrefix) {
		l, err := link.LoadPinnedLink(file, nil)
		if err != nil {
			return err
		}
		s.links = append(s.links, l)
		return nil
	}
	if strings.HasPrefix(name, programPrefix) {
		p, err := ebpf.LoadPinnedProgram(file, nil)
		if err != nil {
			return err
		}
		s.programs = append(s.programs, p)
		return nil
	}
	m, err := ebpf.LoadPinnedMap(file, nil)
	if err != nil {
		return err
	}
	return s.add(name, m)
}

// add takes a map into the set, which closes it.
func (s *set) add(name string, m *ebpf.Map) error {
	s.maps = append(s.maps, m)
	switch {
	case m.Type() == ebpf.RingBuf:
		r, err := openRing(name, m)
		if err != nil {
			return err
		}
		s.rings = append(s.rings, r)
	case name == RecordMapCounters:
		s.counters = m
	case name == RecordMapUnwanted:
		s.unwanted = m
	case name == RecordMapUntracked:
		s.untracked = m
	case name == carriedName:
		s.carried = m
	}
	return nil
}

func (s *set) close() error {
	var errs []error
	for _, r := range s.rings {
		errs = append(errs, r.close())
	}
	for _, m := range s.maps {
		errs = append(errs, m.Close())
	}
	for _, l := range s.links {
		errs = append(errs, l.Close())
	}
	for _, p := range s.programs {
		errs = append(errs, p.Close())
	}
	s.rings, s.maps, s.links, s.programs = nil, nil, nil, nil
	return errors.Join(errs...)
}

// detach ends the recording of this set; what is in its rings stays. A link
// that is pinned is an attached one: it is unpinned first.
func (s *set) detach() error {
	var errs []error
	pinned, _ := filepath.Glob(filepath.Join(s.folder, linkPrefix+"*"))
	for _, name := range pinned {
		errs = append(errs, os.Remove(name))
	}
	for _, l := range s.links {
		// Not just closed: the kernel would do the rest when it finds the time.
		errs = append(errs, l.Detach(), l.Close())
	}
	s.links = nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("detach the recorder of %s: %w", s.folder, err)
	}
	return nil
}

// remove unpins all of the set, and closes it.
func (s *set) remove() error {
	err := s.close()
	return errors.Join(err, removePins(s.folder))
}

// key names the set for as long as the host runs.
func (s *set) key() ebpf.MapID {
	if len(s.rings) == 0 {
		return 0
	}
	return slices.MinFunc(s.rings, func(a, b *ring) int { return int(a.id) - int(b.id) }).id
}

// priorities at which the set's links are.
func (s *set) priorities() ([]int32, error) {
	var out []int32
	for _, l := range s.links {
		info, err := l.Info()
		if err != nil {
			return nil, fmt.Errorf("ask for a link of %s: %w", s.folder, err)
		}
		if at := info.Netfilter(); at != nil {
			out = append(out, at.Priority)
		}
	}
	return out, nil
}
