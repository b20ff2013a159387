package segment

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Take moves a closed segment into the folder. Taken is false where its name is
// known already, as when it is delivered a second time: then its file is
// deleted; but one that was set aside may come back. A file that is no whole segment
// is set aside, and the error is a [DamagedError].
//
// A merged segment, as from a backup or another folder, is taken if no other has rows
// that it has; where others have all of them it is deleted, and where they have some it
// is set aside.
//
// On the same file system the file is renamed, otherwise copied and then
// deleted; at whichever moment the process is killed, the segment is in one of
// both places, and not counted twice.
func (f *Folder) Take(path string) (taken bool, err error) {
	_, taken, err = f.TakeInfo(path)
	return taken, err
}

// TakeInfo is [Folder.Take] that says what it took, or what was taken before.
func (f *Folder) TakeInfo(path string) (info Info, taken bool, err error) {
	if f.isOwn(path) {
		return info, false, fmt.Errorf("take segment: %s is in the folder of segments itself, which must be no spool", path)
	}
	info, err = ReadInfo(path)
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		return info, false, errors.Join(err, f.refuse(path, damaged.Err.Error()))
	}
	if err != nil {
		return info, false, fmt.Errorf("take segment: %w", err)
	}
	if info.Name.Level == 0 {
		info.Resource = resourceOf(path, info.Bytes)
	}
	taken, err = f.take(path, &info)
	return info, taken, err
}

// smallFile is read whole in a millisecond or two.
const smallFile = 8 << 20

// resourceOf is the only _ResourceId of a file's rows, and empty where they are of
// several or that takes long. A file that is damaged is found by who reads its rows.
func resourceOf(path string, bytes int64) string {
	if bytes > smallFile {
		return ""
	}
	if ids, err := Texts(path, "_ResourceId"); err == nil && len(ids) == 1 {
		return ids[0]
	}
	return ""
}

// isOwn reports whether a path is in this folder, by whatever name: to take what is
// there would delete it.
func (f *Folder) isOwn(path string) bool {
	root, err := os.Stat(f.root)
	path, absErr := filepath.Abs(path)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	for err == nil && absErr == nil && path != filepath.Dir(path) {
		path = filepath.Dir(path)
		if above, err := os.Stat(path); err == nil && os.SameFile(root, above) {
			return true
		}
	}
	return false
}

// errPartly is about a merged segment.
var errPartly = errors.New("it has some of the rows that others have too")

// knows reports whether all rows of a segment came before. It is an error where only
// some did.
func (f *Folder) knows(info *Info) (bool, error) {
	name := info.Name
	if name.Level == 0 {
		return f.state.known[name.source()].Has(name.Sequence) && !f.state.lost[name.String()], nil
	}
	have := f.held()
	switch {
	case have.has(info):
		return true, nil
	case have.hasSome(info):
		return false, errPartly
	case len(info.Holds) == 0:
		return false, errors.New("it does not say what it was merged from")
	}
	return false, nil
}

func (f *Folder) take(path string, info *Info) (taken bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock == nil {
		return false, fmt.Errorf("take segment: %w", ErrReadOnly)
	}
	known, err := f.knows(info)
	if err != nil {
		return false, errors.Join(&DamagedError{path, err}, f.moveAside(path, err.Error(), nil))
	}
	if known {
		if err := os.Remove(path); err != nil {
			return false, fmt.Errorf("delete segment that was delivered before: %w", err)
		}
		return false, nil
	}
	info.Taken = f.takenAt(info)
	if err := f.place(path, info); err != nil {
		return false, fmt.Errorf("take segment: %w", err)
	}
	if err := f.change(record{Add: []entry{entryOf(info)}}, []*Info{info}); err != nil {
		return false, fmt.Errorf("take segment: %w", errors.Join(err, moveFile(info.Path, path)))
	}
	return true, nil
}

// place brings a file to where it belongs.
func (f *Folder) place(path string, info *Info) error {
	info.Path = f.pathOf(info.Name)
	folder := filepath.Dir(info.Path)
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	if f.options.Sync {
		if err := syncPath(path); err != nil {
			return err
		}
	}
	if err := moveFile(path, info.Path); err != nil || !f.options.Sync {
		return err
	}
	return syncPath(folder)
}

// moveFile renames a file, or brings it from another file system.
func moveFile(from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, unix.EXDEV) {
		return copyFile(from, to)
	}
	return err
}

// copyFile brings a file from another file system, and deletes it there.
func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	err = createFile(to, true, func(target *os.File) error {
		_, err := io.Copy(target, source)
		return err
	})
	if err != nil {
		return err
	}
	return os.Remove(from)
}
