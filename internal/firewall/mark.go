package firewall

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// mark is where the files ended before the rows of a batch were written to
// them. It is in the journal before they are. So of the batch in which a
// process was killed the next one knows how many rows are written: the lines
// after the mark. A row needs no number for that.
type mark struct {
	Directory string              `json:"directory"`
	AzureOnly bool                `json:"azureOnly,omitempty"`
	Files     map[string]position `json:"files"` // by table
	// Moment is that of the batch; of batches of older programs it is zero.
	Moment moment `json:"moment"`
}

// eventTables have the rows that are made from one event each, in their order.
// The rows of connections come when time passes too; see repeats.
var eventTables = []*logs.Table{logs.FlowTrace, logs.NetworkRule}

func (fs *files) mark() mark {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	m := mark{Directory: fs.directory, AzureOnly: fs.subset.AzureOnly, Files: map[string]position{}}
	for _, table := range append(eventTables, logs.Connection) {
		if p, err := positionOf(fs.tables[table].f); err == nil {
			m.Files[table.Name] = p
		}
	}
	return m
}

// expect says that rows which were cut off at the end of files come again.
func (fs *files) expect(w *written) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, table := range eventTables {
		if _, counted := w.rows[table.Name]; counted {
			fs.tables[table].cut = false
		}
	}
}

// mark is what the recorder keeps in the journal with a batch.
func (f *Firewall) mark() []byte {
	moment := f.clockwork.next(time.Now(), f.fold, f.config, f.ending())
	if moment.Flush {
		f.tellIgnored(f.ignored.flush()) // before the ends of the files are noted
	}
	var m mark
	if f.files != nil {
		m = f.files.mark()
	}
	m.Moment = moment
	text, err := json.Marshal(m)
	if err != nil {
		return nil // it has strings and numbers only: this cannot be
	}
	return text
}

// momentOf reads what a batch was taken with.
func momentOf(text []byte) moment {
	var m mark
	if len(text) == 0 || json.Unmarshal(text, &m) != nil {
		return moment{} // readMark says what is wrong
	}
	return m.Moment
}

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

// readMark counts what was written after a mark. Where a file was taken away or
// shortened since, nobody can tell: err says so, and nothing of it counts as
// written.
func readMark(text []byte) (*written, error) {
	w := &written{rows: map[string]int{}}
	if len(text) == 0 {
		return w, nil // there were no files
	}
	var m mark
	if err := json.Unmarshal(text, &m); err != nil {
		return w, fmt.Errorf("read mark: %w", err)
	}
	w.subset.AzureOnly = m.AzureOnly
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
	if err != nil {
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

// find opens the file, by its number: log rotation gives it another name.
func (p position) find(directory, table string) (*os.File, error) {
	names, err := filepath.Glob(fileName(directory, table) + "*")
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
