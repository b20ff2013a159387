package firewall

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// files writes rows as JSON lines. It knows of each row whether it was written.
// It is safe for concurrent use.
type files struct {
	layout layout
	subset logs.Subset

	mu      sync.Mutex
	tables  map[*logs.Table]*file
	repeats repeats
	told    time.Time
}

func openFiles(l layout, subset logs.Subset) (*files, error) {
	fs := &files{layout: l, subset: subset, tables: map[*logs.Table]*file{}}
	now := time.Now()
	for _, table := range logs.Tables() {
		f, err := openFile(l.name(table, now), !l.hourly())
		if err != nil {
			return nil, errors.Join(fmt.Errorf("write rows to %s: %w", l.Directory, err), fs.close())
		}
		fs.tables[table] = f
	}
	return fs, nil
}

// roll goes on to the files of a time, and to new ones where log rotation has
// moved those away. Those of events are rolled with a mark only, so that the rows
// of a batch are in one file.
func (fs *files) roll(now time.Time, tables ...*logs.Table) error {
	var errs []error
	for _, t := range tables {
		f := fs.tables[t]
		name := fs.layout.name(t, now)
		if f == nil || f.name == name && !f.moved(now) {
			continue
		}
		next, err := openFile(name, !fs.layout.hourly())
		if err != nil {
			errs = append(errs, err) // the one before goes on
			continue
		}
		errs = append(errs, f.flush(), f.close())
		next.written, next.lost = f.written, f.lost
		fs.tables[t] = next
	}
	return errors.Join(errs...)
}

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
	return errors.Join(append(errs, fs.roll(time.Now(), otherTables...))...)
}

// mayTell reports whether it is time to say once more that rows could not be
// written: batches come a hundred times a second, and the message may go to the
// same full disk. How many rows it were is told with the losses.
func (fs *files) mayTell(now time.Time) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if now.Sub(fs.told) < lossBeat {
		return false
	}
	fs.told = now
	return true
}

// append writes lines of a table, all or none, which are not counted as lost.
func (fs *files) append(table *logs.Table, lines []byte) error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.tables[table]
	return errors.Join(f.flush(), f.append(lines))
}

// writing is what is about to be written to a table's file.
func (fs *files) writing(table *logs.Table, rows []logs.Row) writing {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	p := fs.tables[table].position()
	return writing{File: p.Path, At: p.Size, Lines: string(fs.subset.AppendLines(nil, rows))}
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

func (fs *files) tally(t *logs.Table) tally {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return tally{t.Name, fs.tables[t].written, fs.tables[t].lost}
}

// lostRows are those of all tables.
func (fs *files) lostRows() (n uint64) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range fs.tables {
		n += f.lost
	}
	return n
}

func (fs *files) close() error {
	err := fs.flush()
	for _, f := range fs.tables {
		err = errors.Join(err, f.close())
	}
	return err
}
