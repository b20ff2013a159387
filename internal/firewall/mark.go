package firewall

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/spool"
)

// mark is where the files ended before the rows of a batch were written to
// them, and which segments its rows belong to. It is in the journal before they
// are written. So of the batch in which a process was killed the next one knows
// how many rows are written: the lines after the mark. A row needs no number for
// that.
type mark struct {
	fileMark
	More []fileMark `json:"more,omitempty"` // of further destinations
	// Moment is that of the batch; of batches of older programs it is zero.
	Moment moment `json:"moment"`
	// Place is where the rows go that are for a workspace.
	Place spool.Place `json:"segments,omitzero"`
	// Settings is the revision of the settings that say which those are.
	Settings int `json:"settings,omitempty"`
}

// fileMark is that of the files of one destination.
type fileMark struct {
	layout
	AzureOnly bool                `json:"azureOnly,omitempty"`
	Files     map[string]position `json:"files"` // by table
}

// eventTables have the rows that are made from one event each, in their order.
// The rows of connections come when time passes too; see repeats.
var eventTables = []*logs.Table{logs.FlowTrace, logs.NetworkRule}

// otherTables are all others.
var otherTables = slices.DeleteFunc(slices.Clone(logs.Tables()), func(t *logs.Table) bool { return slices.Contains(eventTables, t) })

// mark goes on to the files of this time, and says where they end.
func (fs *files) mark(now time.Time) fileMark {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	_ = fs.roll(now, eventTables...) // what cannot be opened is tried again, and told by flush
	m := fileMark{layout: fs.layout, AzureOnly: fs.subset.AzureOnly, Files: map[string]position{}}
	for _, table := range markedTables {
		m.Files[table.Name] = fs.tables[table].position()
	}
	return m
}

var markedTables = append(slices.Clone(eventTables), logs.Connection)

// goBack goes back to the files of a mark: of an hour that is over.
func (fs *files) goBack(m fileMark) error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, t := range markedTables {
		p := m.Files[t.Name]
		if p.Path == "" || p.Path == fs.tables[t].name {
			continue
		}
		f, err := openFile(p.Path, false)
		if err != nil {
			return err
		}
		if err := fs.tables[t].close(); err != nil {
			return err
		}
		fs.tables[t] = f
	}
	return nil
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

// mark is what the recorder keeps in the journal with a batch. Settings that
// were changed are in force from here on.
func (f *Firewall) mark() []byte {
	now := time.Now()
	changed := f.switchOutputs()
	moment := f.clockwork.next(now, f.fold, f.config, f.ending())
	if moment.Flush {
		f.tellIgnored(f.ignored.flush()) // before the ends of the files are noted
	}
	o := f.outputs.Load()
	m := mark{Moment: moment, Settings: o.revision}
	for i, fs := range o.lineFiles() {
		if i == 0 {
			m.fileMark = fs.mark(now)
		} else {
			m.More = append(m.More, fs.mark(now))
		}
	}
	if f.spool() != nil {
		// The journal must reach back to what is in no segment.
		long := f.clockwork.unclosed > f.config.Capture.foldBytes()/2
		m.Place = f.spool().Next(now, changed || long)
		if m.Place.Generation != f.place.Generation {
			f.clockwork.unclosed = 0
		}
	}
	f.place = m.Place
	text, err := json.Marshal(m)
	if err != nil {
		return nil // it has strings and numbers only: this cannot be
	}
	return text
}

// readMark reads what a batch was taken with; of one without a mark the zero
// value.
func readMark(text []byte) (m mark, err error) {
	if len(text) == 0 {
		return m, nil
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read mark: %w", err)
	}
	return m, nil
}

// fileMarks are those of all destinations.
func (m *mark) fileMarks() []fileMark {
	if m.Directory == "" {
		return nil // there were no files
	}
	return append([]fileMark{m.fileMark}, m.More...)
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
