package segment

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// reconcile makes list and files agree: the files decide, and what a file holds
// decides between files. It reports whether the state changed.
func (f *Folder) reconcile(whole bool) (changed bool, err error) {
	seen, met := map[string]bool{}, map[string]bool{} // files that are as the list says, and others
	var unlisted []*Info
	err = f.walk(func(path string, size int64) error {
		name := filepath.Base(path)
		if i := f.state.segments[name]; i != nil && i.Bytes == size && path == f.pathOf(i.Name) {
			i.Path, seen[name] = path, true
			return nil
		}
		met[name] = true
		i, err := f.inspect(path)
		if i != nil {
			unlisted = append(unlisted, i)
		}
		return err
	})
	if err != nil {
		return false, err
	}
	for name, i := range f.state.segments {
		if !seen[name] {
			delete(f.state.segments, name)
			changed = true
			if whole && !met[name] {
				f.note(Note{f.pathOf(i.Name), fmt.Sprintf("the file is gone, and with it %d rows", i.Rows)})
			}
		}
	}
	return f.adopt(unlisted) || changed, nil
}

// walk calls a function for each file of a segment. It deletes what a killed
// process was writing.
func (f *Folder) walk(do func(path string, size int64) error) error {
	return filepath.WalkDir(f.root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another process merges
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path == filepath.Join(f.root, damagedFolder) {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(d.Name(), temporary) {
			if f.options.ReadOnly {
				return nil
			}
			return os.Remove(path)
		}
		if !strings.HasSuffix(d.Name(), Ext) {
			return nil
		}
		stat, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return do(path, stat.Size())
	})
}

// inspect reads a file that the list does not have. It returns nil where that
// is not to be added.
func (f *Folder) inspect(path string) (*Info, error) {
	info, err := ReadInfo(path)
	var damaged *DamagedError
	switch {
	case errors.As(err, &damaged):
		return nil, f.aside(path, damaged.Err.Error())
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case path != f.pathOf(info.Name):
		return nil, f.aside(path, fmt.Sprintf("it says that it is %s", info.Name))
	case f.state.segments[info.Name.String()] == nil && f.state.known[info.Name.source()].Has(info.Name.Sequence):
		// It was taken out of the list, and its file was to be deleted.
		return nil, f.remove(path)
	}
	return &info, nil
}

func (f *Folder) aside(path, reason string) error {
	if f.options.ReadOnly {
		f.note(Note{path, reason})
		return nil
	}
	return f.moveAside(path, reason)
}

func (f *Folder) remove(path string) error {
	if f.options.ReadOnly {
		return nil
	}
	return os.Remove(path)
}

// adopt adds files to the state and resolves which of them hold the same: of
// two, the one that was merged more often has all rows of the other.
func (f *Folder) adopt(unlisted []*Info) (changed bool) {
	if len(unlisted) == 0 {
		return false
	}
	all := slices.Clone(unlisted)
	for _, i := range f.state.segments {
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b *Info) int {
		return cmp.Or(cmp.Compare(b.Name.Level, a.Name.Level), cmp.Compare(a.Name.String(), b.Name.String()))
	})
	held := map[source]Ranges{}
	for _, i := range all {
		covered, overlaps := true, false
		for _, h := range i.holds() {
			by := held[source{i.Name.Table, h.Firewall, h.Boot}]
			covered = covered && by.Covers(h.Ranges)
			overlaps = overlaps || by.Overlaps(h.Ranges)
		}
		if covered || overlaps {
			f.drop(i, covered)
			continue
		}
		f.state.add(i)
		for _, h := range i.holds() {
			from := source{i.Name.Table, h.Firewall, h.Boot}
			for _, r := range h.Ranges {
				held[from] = held[from].AddRange(r[0], r[1])
			}
		}
	}
	return true
}

// drop takes a file out of the state whose rows others have.
func (f *Folder) drop(i *Info, covered bool) {
	delete(f.state.segments, i.Name.String())
	var err error
	if covered {
		err = f.remove(i.Path)
	} else {
		err = f.aside(i.Path, "it has some of the rows that others have too")
	}
	if err != nil {
		f.note(Note{i.Path, err.Error()})
	}
}
