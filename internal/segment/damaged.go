package segment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Note is something about a folder that somebody should know: what was set
// aside, or repaired.
type Note struct {
	Path string // of the file it is about
	What string
}

func (n Note) String() string { return n.Path + ": " + n.What }

// maxNotes bounds what is remembered for Notes.
const maxNotes = 1000

func (f *Folder) note(n Note) {
	if len(f.notes) < maxNotes {
		f.notes = append(f.notes, n)
	}
}

// Notes returns what there was to tell since the last call, the first 1000.
func (f *Folder) Notes() []Note {
	f.mu.Lock()
	defer f.mu.Unlock()
	notes := f.notes
	f.notes = nil
	return notes
}

// SetAside takes a segment out of the folder whose file is damaged: the file
// goes to the folder damaged, with a report beside it, and the others still
// answer. Where the file is gone, there is the report alone. The name is that of
// the file. Queries that have pinned the segment
// may not find its file any more. [Folder.Losses] has its rows.
func (f *Folder) SetAside(name, reason string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	info := f.state.segments[name]
	if info == nil {
		return fmt.Errorf("set segment aside: there is none called %s", name)
	}
	if f.lock == nil {
		return fmt.Errorf("set segment aside: %w", ErrReadOnly)
	}
	return f.lose(info, reason)
}

// lose takes a segment out of the list whose rows are lost. Its file may be put
// back: it is not taken for one that was merged.
func (f *Folder) lose(info *Info, reason string) error {
	if err := f.moveAside(info.Path, reason, lostOf(info)); err != nil {
		return err
	}
	name := []string{info.Name.String()}
	return f.change(record{Remove: name, Lost: name}, nil)
}

// Missing takes a segment out of the list whose file somebody has removed, and
// leaves a report as of a damaged one: the others still answer. Nothing is taken
// out where the whole folder went away, as when its disk was unmounted.
func (f *Folder) Missing(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	info := f.state.segments[name]
	if info == nil {
		return nil // merged or dropped meanwhile
	}
	if f.lock == nil {
		return fmt.Errorf("look for segment: %w", ErrReadOnly)
	}
	held, err := f.lock.Stat()
	if err != nil {
		return err
	}
	if now, err := os.Stat(f.lock.Name()); err != nil || !os.SameFile(held, now) {
		return fmt.Errorf("the folder of segments %s is not where it was: %w", f.root, errors.Join(err, fs.ErrNotExist))
	}
	if _, err := os.Stat(info.Path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.lose(info, "its file was removed, and not by this program")
}

// refuse sets a file aside that was to be taken. Where its rows came before, as
// when it was delivered twice, none is lost.
func (f *Folder) refuse(path, reason string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock == nil {
		return ErrReadOnly
	}
	lost := lostFile(path)
	if n, err := ParseName(lost.File); err == nil && f.state.known[n.source()].Has(n.Sequence) {
		lost = nil
	}
	return f.moveAside(path, reason, lost)
}

// moveAside moves a file into the folder damaged and writes why, and which rows
// are lost with it; nil for none.
func (f *Folder) moveAside(path, reason string, lost *Lost) error {
	folder := filepath.Join(f.root, damagedFolder)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("set segment aside: %w", err)
	}
	to := filepath.Join(folder, filepath.Base(path))
	report := fmt.Sprintf("%s\nwas set aside at %s, because: %s\n", path, time.Now().UTC().Format(time.RFC3339), reason)
	if err := os.WriteFile(to+".txt", []byte(report), 0o640); err != nil {
		return fmt.Errorf("set segment aside: %w", err)
	}
	if lost != nil {
		if err := f.owe(lost, reason); err != nil {
			return fmt.Errorf("set segment aside: %w", err)
		}
	}
	if err := moveFile(path, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		if lost != nil {
			err = errors.Join(err, os.Remove(f.lostPath(lost.File)))
		}
		return fmt.Errorf("set segment aside: %w", err)
	}
	f.note(Note{to, reason})
	return nil
}
