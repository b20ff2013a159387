package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// load gets the set that is to record: what is pinned already, where it is
// whole, as it records on; else newly loaded programs, with their maps.
func (r *Recorder) load() error {
	r.set = &set{layout: currentLayout}
	if r.config.PinPath == "" {
		return r.loadPrograms(ebpf.MapOptions{})
	}
	folder, err := r.config.setFolder()
	if err != nil {
		return err
	}
	if r.config.whole(folder) {
		r.set, err = openSet(folder, r.config.mapNames()...)
		return err
	}
	r.set.folder = folder
	if err := makePinPath(folder); err != nil {
		return err
	}
	if err := r.loadPrograms(ebpf.MapOptions{PinPath: folder}); err != nil {
		return err
	}
	return r.takePinned()
}

// whole reports whether a folder has all that a set has: who made it was not
// killed before it was attached.
func (c *Config) whole(folder string) bool {
	names := append(c.mapNames(), carriedName)
	for _, h := range hooks {
		if h.family == link.NetfilterProtoIPv4 || hasIPv6() {
			names = append(names, h.name)
		}
	}
	return !slices.ContainsFunc(names, func(name string) bool {
		_, err := os.Stat(filepath.Join(folder, name))
		return err != nil
	})
}

// hasIPv6 tells a kernel with IPv6 from one without.
func hasIPv6() bool {
	_, err := os.Stat("/proc/sys/net/ipv6")
	return err == nil
}

// loadPrograms loads the programs, and takes their maps into the set: those
// that are pinned already, or new ones.
func (r *Recorder) loadPrograms(maps ebpf.MapOptions) error {
	spec, err := LoadRecord()
	if err != nil {
		return err
	}
	if err := r.configure(spec); err != nil {
		return err
	}
	modules, err := conntrackTypes()
	if err != nil {
		return err
	}
	options := ebpf.CollectionOptions{Maps: maps, Programs: ebpf.ProgramOptions{ExtraRelocationTargets: modules}}
	if r.programs, err = ebpf.NewCollectionWithOptions(spec, options); err != nil {
		return fmt.Errorf("load recorder: %w", err)
	}
	for _, name := range r.config.mapNames() {
		m := r.programs.Maps[name]
		delete(r.programs.Maps, name)
		if err := r.set.add(name, m); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recorder) configure(spec *ebpf.CollectionSpec) error {
	for name, value := range map[string]uint32{
		RecordVarMarkActionMask: r.config.MarkActionMask,
		RecordVarMarkActionDeny: r.config.MarkActionDeny,
		RecordVarMarkHandshake:  r.config.MarkHandshake,
	} {
		if err := spec.Variables[name].Set(value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	for _, m := range r.config.ringMaps() {
		if m.bytes != 0 {
			spec.Maps[m.name].MaxEntries = m.bytes
		}
	}
	for _, name := range r.config.mapNames() {
		if r.config.PinPath != "" {
			spec.Maps[name].Pinning = ebpf.PinByName
		}
	}
	return nil
}

// mapNames are the maps that a set has of the program.
func (c *Config) mapNames() []string {
	names := []string{RecordMapCounters, RecordMapUnwanted, RecordMapUntracked}
	for _, m := range c.ringMaps() {
		names = append(names, m.name)
	}
	return names
}

// takePinned takes what is pinned beside the programs' maps into the set.
func (r *Recorder) takePinned() error {
	for _, h := range hooks {
		err := r.set.openOne(h.name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("open pinned link: %w", err)
		}
	}
	err := r.set.openOne(carriedName)
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	m, err := newCarried()
	if err != nil {
		return err
	}
	if err := m.Pin(filepath.Join(r.set.folder, carriedName)); err != nil {
		return errors.Join(fmt.Errorf("pin counters of earlier programs: %w", err), m.Close())
	}
	return r.set.add(carriedName, m)
}

// conntrackTypes is the BTF of the nf_conntrack module; nil where conntrack is
// built into the kernel.
func conntrackTypes() ([]*btf.Spec, error) {
	spec, err := btf.LoadKernelModuleSpec("nf_conntrack")
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read types of module nf_conntrack: %w", err)
	}
	return []*btf.Spec{spec}, nil
}
