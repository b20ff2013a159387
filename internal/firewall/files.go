package firewall

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sekisho/sekisho/internal/logs"
)

// files writes rows as JSON lines, one file a table: <directory>/<table>.jsonl.
type files struct {
	subset logs.Subset
	open   map[*logs.Table]*file
	line   []byte
}

type file struct {
	*bufio.Writer
	f *os.File
}

func openFiles(directory string, subset logs.Subset) (*files, error) {
	if err := os.MkdirAll(directory, 0o750); err != nil {
		return nil, fmt.Errorf("make folder for logs: %w", err)
	}
	fs := &files{subset: subset, open: map[*logs.Table]*file{}}
	for _, table := range logs.Tables() {
		name := filepath.Join(directory, table.Name+".jsonl")
		f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open log: %w", err), fs.close())
		}
		fs.open[table] = &file{bufio.NewWriter(f), f}
	}
	return fs, nil
}

func (fs *files) write(rows []logs.Row) {
	for _, r := range rows {
		fs.line = fs.subset.AppendLines(fs.line[:0], []logs.Row{r})
		// The error stays with the writer and comes back from flush.
		_, _ = fs.open[r.Table()].Write(fs.line)
	}
}

// flush writes what is buffered. After an error the file is tried anew with
// the next batch: a disk that was full may have room again.
func (fs *files) flush() error {
	var errs []error
	for _, f := range fs.open {
		if err := f.Flush(); err != nil {
			errs = append(errs, err)
			f.Reset(f.f)
		}
	}
	return errors.Join(errs...)
}

func (fs *files) close() error {
	err := fs.flush()
	for _, f := range fs.open {
		err = errors.Join(err, f.f.Close())
	}
	return err
}
