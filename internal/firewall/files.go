package firewall

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/sekisho/sekisho/internal/logs"
)

// files writes rows as JSON lines, one file a table: <directory>/<table>.jsonl.
// It knows of each row whether it was written. It is safe for concurrent use.
type files struct {
	directory string
	subset    logs.Subset

	mu      sync.Mutex
	tables  map[*logs.Table]*file
	repeats repeats
}

func openFiles(directory string, subset logs.Subset) (*files, error) {
	if err := os.MkdirAll(directory, 0o750); err != nil {
		return nil, fmt.Errorf("make folder for logs: %w", err)
	}
	fs := &files{directory: directory, subset: subset, tables: map[*logs.Table]*file{}}
	for _, table := range logs.Tables() {
		f, err := openFile(fileName(directory, table.Name))
		if err != nil {
			return nil, errors.Join(err, fs.close())
		}
		fs.tables[table] = f
	}
	return fs, nil
}

func fileName(directory, table string) string { return filepath.Join(directory, table+".jsonl") }

// add buffers rows, but those that are written already, until the next flush.
func (fs *files) add(rows []logs.Row, done *written) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, r := range rows {
		if done.skip(r) {
			continue
		}
		f := fs.tables[r.Table()]
		before := len(f.buf)
		f.buf = fs.subset.AppendLines(f.buf, rows[i:i+1])
		if r.Table() == logs.Connection && fs.repeats.take(f.buf[before:]) {
			f.buf = f.buf[:before]
		}
		if len(f.buf) > before {
			f.ends = append(f.ends, len(f.buf))
		}
	}
}

// flush writes what is buffered. Rows that could not be written are lost and
// counted; the file is tried anew with the next batch, because a disk that was
// full may have room again.
func (fs *files) flush() error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var errs []error
	for _, f := range fs.tables {
		errs = append(errs, f.flush())
	}
	return errors.Join(errs...)
}

// append writes lines of a table, all or none, which are not counted as lost.
func (fs *files) append(table *logs.Table, lines []byte) error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.tables[table]
	return errors.Join(f.flush(), f.append(lines))
}

// size is how long a table's file is.
func (fs *files) size(table *logs.Table) int64 {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	p, err := positionOf(fs.tables[table].f)
	if err != nil {
		return 0
	}
	return p.Size
}

// giveUpCuts counts the rows that were cut off when the files were opened, and
// that nobody writes again.
func (fs *files) giveUpCuts() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range fs.tables {
		if f.cut {
			f.cut, f.lost = false, f.lost+1
		}
	}
}

// tally is what became of a table's rows.
type tally struct {
	table         string
	written, lost uint64
}

func (fs *files) counts() []tally {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var out []tally
	for _, t := range logs.Tables() {
		f := fs.tables[t]
		out = append(out, tally{t.Name, f.written, f.lost})
	}
	return out
}

func (fs *files) close() error {
	err := fs.flush()
	for _, f := range fs.tables {
		err = errors.Join(err, f.f.Close())
	}
	return err
}
