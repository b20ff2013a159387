package segment

import (
	"path/filepath"

	"github.com/sekisho/sekisho/internal/logs"
)

// Records reads the rows of a small segment, all at once. A file that is damaged, or
// gone, is a [*DamagedError].
func Records(path string) ([]logs.Record, error) {
	name, err := ParseName(filepath.Base(path))
	if err != nil {
		return nil, err
	}
	table, known := logs.Lookup(name.Table)
	if !known {
		return nil, &DamagedError{path, errNewer}
	}
	w := Writer{batch: newBatch(table)}
	r, err := openReader(path, w.batch)
	if err != nil {
		return nil, err
	}
	defer r.close()
	for _, group := range r.groups {
		if err := r.read(group, w.batch); err != nil {
			return nil, err
		}
	}
	return ReadRows(w.AppendRows(nil, 0))
}
