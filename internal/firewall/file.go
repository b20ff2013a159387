package firewall

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// file is one table's: whole lines and nothing else. What is buffered is
// written as far as there is room, and a line of which only a part was written
// is taken back.
type file struct {
	name    string
	f       *os.File // nil until there is a row, where it is made late
	buf     []byte
	ends    []int     // where each row ends in buf
	torn    bool      // a part of a line could not be taken back
	cut     bool      // the file ended within a line when it was opened
	looked  time.Time // when it was last looked whether it is still there
	written uint64
	lost    uint64
}

// openFile opens a file to append to: at once, or, where it is not there yet,
// when there is something to write.
func openFile(name string, atOnce bool) (*file, error) {
	f := &file{name: name}
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) && !atOnce {
		return f, nil
	}
	return f, f.open()
}

// open opens the file. A process that was killed while it wrote has left half a
// line: that is cut off.
func (f *file) open() error {
	if err := os.MkdirAll(filepath.Dir(f.name), 0o750); err != nil {
		return fmt.Errorf("make folder for logs: %w", err)
	}
	opened, err := os.OpenFile(f.name, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o640)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	size, whole, err := wholeLines(opened)
	if err == nil && whole < size {
		err = opened.Truncate(whole)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cut torn line of %s: %w", f.name, err), opened.Close())
	}
	f.f, f.cut = opened, whole < size
	return nil
}

// lookEvery is how often it is looked whether a file was moved away.
const lookEvery = time.Second

// moved reports whether the name leads to another file by now, or to none: log
// rotation has moved this one away, or somebody has removed it.
func (f *file) moved(now time.Time) bool {
	if f.f == nil || now.Sub(f.looked) < lookEvery {
		return false
	}
	f.looked = now
	own, err := f.f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(f.name)
	return errors.Is(err, os.ErrNotExist) || err == nil && !os.SameFile(own, there)
}

func (f *file) close() error {
	if f.f == nil {
		return nil
	}
	opened := f.f
	f.f = nil
	return opened.Close()
}

// position is where the file ends now; of one that is not made yet, its name.
func (f *file) position() position {
	if f.f == nil {
		return position{Path: f.name}
	}
	p, _ := positionOf(f.f)
	p.Path = f.name
	return p
}

// wholeLines is how long a file is, and where its last whole line ends.
func wholeLines(f *os.File) (size, whole int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	size = info.Size()
	buf := make([]byte, 64<<10)
	for end := size; end > 0; {
		part := buf[:min(int64(len(buf)), end)]
		if _, err := f.ReadAt(part, end-int64(len(part))); err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, err
		}
		if at := bytes.LastIndexByte(part, '\n'); at >= 0 {
			return size, end - int64(len(part)) + int64(at) + 1, nil
		}
		end -= int64(len(part))
	}
	return size, 0, nil
}

// flush writes what is buffered, and counts what was written and what not.
func (f *file) flush() error {
	if len(f.buf) == 0 {
		return nil
	}
	n, err := f.write(f.buf)
	return errors.Join(err, f.settle(n))
}

// settle counts the rows of a buffer of which n bytes were written.
func (f *file) settle(n int) (err error) {
	whole, end := 0, 0
	for whole < len(f.ends) && f.ends[whole] <= n {
		end = f.ends[whole]
		whole++
	}
	if end < n {
		err = f.takeBack(int64(n - end))
	}
	f.written += uint64(whole)
	f.lost += uint64(len(f.ends) - whole)
	f.buf, f.ends = f.buf[:0], f.ends[:0]
	return err
}

// append writes lines, all or none.
func (f *file) append(lines []byte) error {
	n, err := f.write(lines)
	if err != nil && n > 0 {
		err = errors.Join(err, f.takeBack(int64(n)))
	}
	if err == nil {
		f.written += uint64(bytes.Count(lines, []byte{'\n'}))
	}
	return err
}

// write appends to the file, behind whole lines.
func (f *file) write(lines []byte) (int, error) {
	if f.f == nil {
		if err := f.open(); err != nil {
			return 0, err
		}
	}
	if f.torn {
		if _, err := f.f.Write([]byte{'\n'}); err != nil {
			return 0, err
		}
		f.torn = false
	}
	return f.f.Write(lines)
}

// takeBack shortens the file, which a full disk allows. If it cannot be done,
// the line is ended before the next one.
func (f *file) takeBack(bytes int64) error {
	info, err := f.f.Stat()
	if err == nil {
		err = f.f.Truncate(info.Size() - bytes)
	}
	f.torn = err != nil
	return err
}

// position is a moment in the life of a file: which one it was, how long.
type position struct {
	Path  string `json:"path,omitempty"` // without: that of the plain layout
	Inode uint64 `json:"inode"`
	Size  int64  `json:"size"`
}

func positionOf(f *os.File) (position, error) {
	var s unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &s); err != nil {
		return position{}, err
	}
	return position{Inode: s.Ino, Size: s.Size}, nil
}
