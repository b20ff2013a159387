package segment

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// Writer gathers the rows of one table and writes them as a segment. It is for
// one goroutine, and is used again after Close: in the steady state a row costs
// no allocation.
type Writer struct {
	batch *batch
	file  *file
}

// Meta is how a segment is closed, and what it says of itself.
type Meta struct {
	// Sync has the file and its name on the disk before Close returns.
	Sync bool
	// Program is the name and version of the program that wrote it, if any.
	Program string
}

// ErrEmpty is returned for a segment without rows, which is not written.
var ErrEmpty = errors.New("a segment needs a row")

// NewWriter makes a writer of segments of that table.
func NewWriter(table *logs.Table) *Writer {
	return &Writer{batch: newBatch(table), file: newFile(table)}
}

// Add appends rows, which must be of the writer's table: many at once cost much
// less than one after the other. They may change afterwards, but the texts they
// have may not.
func (w *Writer) Add(rows ...logs.Row) {
	for _, r := range rows {
		if r.Table() != w.batch.table {
			panic("segment: a row of " + r.Table().Name + " was added to a writer of " + w.batch.table.Name)
		}
	}
	w.batch.add(rows)
}

// Len is how many rows wait for Close.
func (w *Writer) Len() int { return w.batch.rows }

// Bytes is about how much memory they take. The file takes a tenth.
func (w *Writer) Bytes() int { return w.batch.bytes() }

// Span is the time of the first and of the last of them; there must be some.
func (w *Writer) Span() (from, to time.Time) { return w.batch.span() }

// Close writes the rows into a file of that folder, which gets its name when it
// is whole, and forgets them. The name's Table, Level and From are the writer's
// to fill. On an error nothing is left in the folder, the rows are still there,
// and Close may be tried again.
func (w *Writer) Close(folder string, name Name, meta Meta) (Info, error) {
	if w.Len() == 0 {
		return Info{}, ErrEmpty
	}
	from, to := w.batch.span()
	name.Table, name.Level, name.From = w.batch.table.Name, 0, from
	info := Info{Name: name, From: from, To: to, Rows: int64(w.batch.rows)}
	err := writeFile(folder, &info, meta, func(f *os.File, say string) error {
		if err := w.file.begin(f); err != nil {
			return err
		}
		if err := w.file.writeBatch(w.batch, order{}); err != nil {
			return err
		}
		return w.file.end(say)
	})
	if err != nil {
		return Info{}, fmt.Errorf("write segment: %w", err)
	}
	info.Keys = w.file.keys
	w.batch.reset()
	return info, nil
}

// span is the time of the batch's first and of its last row.
func (b *batch) span() (from, to time.Time) {
	at := b.column(timeColumn)
	at.spread()
	least, greatest := bounds(at.nums)
	return time.UnixMicro(least).UTC(), time.UnixMicro(greatest).UTC()
}

// temporary is how the names of files end that are being written. Only a process
// that was killed leaves one.
const temporary = ".writing"

// writeFile writes a segment's file under another name, and then gives it its
// own. It fills the info's path and size.
func writeFile(folder string, info *Info, meta Meta, write func(f *os.File, say string) error) error {
	if err := info.Name.check(); err != nil {
		return err
	}
	say, err := json.Marshal(said{formatVersion, info.Name.String(), info.From, info.To, meta.Program, info.Holds})
	if err != nil {
		return err
	}
	info.Path = filepath.Join(folder, info.Name.String())
	return createFile(info.Path, meta.Sync, func(f *os.File) error {
		if err := write(f, string(say)); err != nil {
			return err
		}
		stat, err := f.Stat()
		if err == nil {
			info.Bytes = stat.Size()
		}
		return err
	})
}

// createFile writes a file under another name and then gives it its own. It
// leaves nothing behind where that fails.
func createFile(path string, sync bool, write func(*os.File) error) error {
	hidden := path + temporary
	f, err := os.OpenFile(hidden, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil && sync {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(hidden))
	}
	if err := os.Rename(hidden, path); err != nil {
		return errors.Join(err, os.Remove(hidden))
	}
	if sync {
		return syncPath(filepath.Dir(path))
	}
	return nil
}

// syncPath has a file, or the names in a folder, on the disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
