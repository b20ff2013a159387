package firewall

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sekisho/sekisho/internal/logs"
)

// written knows which rows of a batch are in files already: the first ones of
// each table, so many. Of most batches none is: the zero value.
type written struct {
	subset logs.Subset // of the process that wrote them
	rows   map[string]int
}

// skip reports whether a row is written; it is asked once for each, in order.
func (w *written) skip(r logs.Row) bool {
	if w.rows[r.Table().Name] == 0 || !w.subset.Keeps(r) {
		return false
	}
	w.rows[r.Table().Name]--
	return true
}

// leftOut are the rows of a batch that are written already, by where.
type leftOut map[layout]*written

// of is never nil.
func (l leftOut) of(at layout) *written {
	if w := l[at]; w != nil {
		return w
	}
	return &written{}
}

// written counts what was written after a mark. Where a file was taken away or
// shortened since, nobody can tell: err says so, and nothing of it counts as
// written.
func (m fileMark) written() (*written, error) {
	w := &written{subset: logs.Subset{AzureOnly: m.AzureOnly}, rows: map[string]int{}}
	var errs []error
	for _, table := range eventTables {
		p, there := m.Files[table.Name]
		if !there {
			continue
		}
		n, err := p.linesAfter(m.Directory, table.Name)
		if err != nil {
			errs = append(errs, fmt.Errorf("count rows of table %s that a killed process has written: %w", table.Name, err))
		}
		w.rows[table.Name] = n
	}
	return w, errors.Join(errs...)
}

// linesAfter counts whole lines after a place of a file, which may have been
// renamed since.
func (p position) linesAfter(directory, table string) (lines int, err error) {
	err = p.each(directory, table, func([]byte) { lines++ })
	return lines, err
}

// each calls a function for each line after a place of a file.
func (p position) each(directory, table string, do func(line []byte)) error {
	f, err := p.find(directory, table)
	if f == nil || err != nil {
		return err
	}
	defer f.Close()
	now, err := positionOf(f)
	if err != nil {
		return err
	}
	if now.Size < p.Size {
		return fmt.Errorf("%s had %d bytes and has %d", f.Name(), p.Size, now.Size)
	}
	lines := bufio.NewReaderSize(io.NewSectionReader(f, p.Size, now.Size-p.Size), 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // what is left is no whole line
		}
		if err != nil {
			return err
		}
		do(line)
	}
}

// find opens the file, by its number: log rotation gives it another name. One
// that was not made yet has its name, or is nil.
func (p position) find(directory, table string) (*os.File, error) {
	if p.Inode == 0 {
		f, err := os.Open(p.Path)
		if errors.Is(err, os.ErrNotExist) {
			return nil, nil
		}
		return f, err
	}
	names, err := filepath.Glob(cmp.Or(p.Path, fileName(directory, table)) + "*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			continue
		}
		if at, err := positionOf(f); err == nil && at.Inode == p.Inode {
			return f, nil
		}
		f.Close()
	}
	return nil, fmt.Errorf("it is not in %s any more", directory)
}
