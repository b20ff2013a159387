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
	subset logs.Subset

	mu     sync.Mutex
	tables map[*logs.Table]*file
}

// file is one table's. What is buffered is written as a whole or not: a line
// that was cut off is ended before the next one.
type file struct {
	f       *os.File
	buf     []byte
	ends    []int // where each row ends in buf
	torn    bool  // the file ends within a line
	written uint64
	lost    uint64
}

func openFiles(directory string, subset logs.Subset) (*files, error) {
	if err := os.MkdirAll(directory, 0o750); err != nil {
		return nil, fmt.Errorf("make folder for logs: %w", err)
	}
	fs := &files{subset: subset, tables: map[*logs.Table]*file{}}
	for _, table := range logs.Tables() {
		name := filepath.Join(directory, table.Name+".jsonl")
		f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open log: %w", err), fs.close())
		}
		fs.tables[table] = &file{f: f}
	}
	return fs, nil
}

// add buffers rows until the next flush.
func (fs *files) add(rows []logs.Row) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for i, r := range rows {
		f := fs.tables[r.Table()]
		before := len(f.buf)
		f.buf = fs.subset.AppendLines(f.buf, rows[i:i+1])
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

func (f *file) flush() error {
	if len(f.buf) == 0 {
		return nil
	}
	if f.torn {
		if _, err := f.f.Write([]byte{'\n'}); err != nil {
			f.settle(0)
			return err
		}
		f.torn = false
	}
	n, err := f.f.Write(f.buf)
	f.settle(n)
	return err
}

// settle counts the rows of a buffer of which n bytes were written.
func (f *file) settle(n int) {
	whole := 0
	for whole < len(f.ends) && f.ends[whole] <= n {
		whole++
	}
	atEnd := n == 0 || whole > 0 && f.ends[whole-1] == n
	f.torn = f.torn || !atEnd
	f.written += uint64(whole)
	f.lost += uint64(len(f.ends) - whole)
	f.buf, f.ends = f.buf[:0], f.ends[:0]
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
