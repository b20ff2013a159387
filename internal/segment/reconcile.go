package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// met is what the files of a folder are, beside its list.
type met struct {
	seen     map[string]bool // files that are as the list says, by name
	others   map[string]bool
	unlisted []*Info
	wrong    []wrong
}

// wrong is a file that is to be set aside, and what is known of its rows.
type wrong struct {
	path, reason string
	lost         *Lost
}

// reconcile makes list and files agree: the files decide, and what a file holds
// decides between files. It reports whether the state changed. The list is whole,
// or it may have more than there should be.
func (f *Folder) reconcile(whole bool) (changed bool, err error) {
	m := met{seen: map[string]bool{}, others: map[string]bool{}}
	err = f.walk(func(path string, size int64) error {
		name := filepath.Base(path)
		if i := f.state.segments[name]; i != nil && i.Bytes == size && path == f.pathOf(i.Name) {
			i.Path, m.seen[name] = path, true
			return nil
		}
		m.others[name] = true
		return f.inspect(path, &m)
	})
	if err != nil {
		return false, err
	}
	var gone []*Info
	for name, i := range f.state.segments {
		if !m.seen[name] {
			delete(f.state.segments, name)
			gone = append(gone, i)
			if whole && !m.others[name] {
				f.note(Note{f.pathOf(i.Name), fmt.Sprintf("the file is gone, and with it %d rows", i.Rows)})
			}
		}
	}
	changed = f.adopt(m.unlisted) || len(gone) > 0
	return changed, f.giveUp(gone, m.wrong, whole)
}

// giveUp sets files aside, and owes the rows that are in no other file: theirs, and
// those of segments whose files are gone.
func (f *Folder) giveUp(gone []*Info, files []wrong, whole bool) error {
	if len(gone)+len(files) == 0 {
		return nil
	}
	left, owed := f.held(), map[string]*Info{}
	for _, i := range gone {
		// By a list that is not whole they may have been merged, or too old.
		if !left.has(i) && (whole || slices.ContainsFunc(files, func(w wrong) bool { return w.lost.File == i.Name.String() })) {
			owed[i.Name.String()] = i
			f.state.lost[i.Name.String()] = true
		}
	}
	for _, w := range files {
		if i := owed[w.lost.File]; i != nil {
			w.lost = lostOf(i)
			delete(owed, w.lost.File)
		} else if left.hasLost(w.lost, whole) {
			w.lost = nil
		}
		if err := f.aside(w.path, w.reason, w.lost); err != nil {
			return err
		}
	}
	return f.oweGone(owed)
}

// oweGone owes the rows of segments whose files are gone.
func (f *Folder) oweGone(owed map[string]*Info) error {
	if f.options.ReadOnly || len(owed) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(f.root, damagedFolder), 0o750); err != nil {
		return err
	}
	for _, i := range owed {
		if err := f.owe(lostOf(i), "its file was removed, and not by this program"); err != nil {
			return err
		}
	}
	return nil
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

// inspect reads a file that the list does not have.
func (f *Folder) inspect(path string, m *met) error {
	if n, err := ParseName(filepath.Base(path)); err == nil && path == f.pathOf(n) && f.replaced(n) {
		return f.remove(path)
	}
	info, err := ReadInfo(path)
	var damaged *DamagedError
	switch {
	case errors.As(err, &damaged):
		m.wrong = append(m.wrong, wrong{path, damaged.Err.Error(), lostFile(path)})
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case path != f.pathOf(info.Name):
		m.wrong = append(m.wrong, wrong{path, fmt.Sprintf("it says that it is %s", info.Name), lostOf(&info)})
		return nil
	}
	if info.Name.Level == 0 {
		info.Resource = resourceOf(path, info.Bytes)
	}
	m.unlisted = append(m.unlisted, &info)
	return nil
}

// replaced reports whether a segment was taken out of the list for others or for
// its age, and its file was to be deleted.
func (f *Folder) replaced(n Name) bool {
	name := n.String()
	return f.state.segments[name] == nil && !f.state.lost[name] && f.state.known[n.source()].Has(n.Sequence)
}

func (f *Folder) aside(path, reason string, lost *Lost) error {
	if f.options.ReadOnly {
		f.note(Note{path, reason})
		return nil
	}
	return f.moveAside(path, reason, lost)
}

func (f *Folder) remove(path string) error {
	if f.options.ReadOnly {
		return nil
	}
	return os.Remove(path)
}
