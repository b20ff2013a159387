package segment

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// addWaiting has a folder that is only read show segments that nobody has taken
// yet. As in [Folder.Take], those that are known already do not count again. Notes
// tell of files that cannot be read; one that is gone was taken meanwhile.
func (f *Folder) addWaiting() {
	if !f.options.ReadOnly {
		return
	}
	for _, path := range f.options.Waiting {
		info, err := ReadInfo(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			f.note(Note{path, err.Error()})
		case info.Name.Level == 0 && (!f.state.known[info.Name.source()].Has(info.Name.Sequence) || f.state.lost[info.Name.String()]):
			f.state.add(&info)
		}
	}
}

// Changed is when the folder of segments at root was last changed: one was taken,
// merged or removed.
func Changed(root string) (time.Time, error) {
	info, err := os.Stat(filepath.Join(root, listFile))
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}
