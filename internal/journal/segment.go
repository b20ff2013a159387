package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// segment is a file of the journal.
type segment struct {
	number uint64
	size   int64 // up to the end of its last whole record
}

const (
	suffix     = ".journal"
	unfinished = ".new"
)

func (j *Journal) path(number uint64) string {
	return filepath.Join(j.folder, fmt.Sprintf("%012d%s", number, suffix))
}

// numberOf is the number of a segment by its file's name.
func numberOf(name string) (uint64, bool) {
	digits, ours := strings.CutSuffix(name, suffix)
	number, err := strconv.ParseUint(digits, 10, 63)
	return number, ours && err == nil && len(digits) >= 12
}

// list finds the segments, and removes what was not finished.
func (j *Journal) list() error {
	entries, err := os.ReadDir(j.folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), unfinished) {
			if err := os.Remove(filepath.Join(j.folder, e.Name())); err != nil {
				return err
			}
			continue
		}
		number, ours := numberOf(e.Name())
		info, err := e.Info()
		if !ours || err != nil {
			continue
		}
		j.segments = append(j.segments, segment{number, info.Size()})
	}
	slices.SortFunc(j.segments, func(a, b segment) int { return int(int64(a.number) - int64(b.number)) })
	return nil
}

// cutTail ends the newest segment after its last whole record.
func (j *Journal) cutTail(s *segment) error {
	end, why, err := j.scan(*s, func(uint8, []byte) error { return nil })
	if err != nil || end >= headerSize && end == s.size {
		return err
	}
	j.cuts = append(j.cuts, Cut{j.path(s.number), end, s.size - end, why})
	j.damaged = true
	if end < headerSize {
		return j.drop()
	}
	if err := j.file.Truncate(end); err != nil {
		return fmt.Errorf("cut torn end: %w", err)
	}
	s.size = end
	return nil
}

// drop removes the newest segment, which is none.
func (j *Journal) drop() error {
	err := errors.Join(j.file.Close(), os.Remove(j.path(j.newest().number)))
	j.file, j.segments = nil, j.segments[:len(j.segments)-1]
	return err
}

// Begin starts a new segment with a first record, and deletes the oldest ones
// that are beyond KeepBytes. The new segment is there whole or not at all; on
// an error the one before goes on.
func (j *Journal) Begin(kind uint8, parts ...[]byte) error {
	err := j.begin(kind, parts)
	for errors.Is(err, unix.ENOSPC) && j.deleteOldest() {
		err = j.begin(kind, parts)
	}
	if err != nil {
		return fmt.Errorf("begin segment of journal: %w", err)
	}
	for len(j.segments) > 1 && j.Size() > j.options.KeepBytes && j.deleteOldest() {
	}
	return nil
}

func (j *Journal) begin(kind uint8, parts [][]byte) error {
	if err := os.MkdirAll(j.folder, 0o700); err != nil {
		return err
	}
	next := segment{number: 1, size: headerSize}
	if len(j.segments) > 0 {
		next.number = j.newest().number + 1
	}
	name := j.path(next.number)
	f, err := os.OpenFile(name+unfinished, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := j.fill(f, &next, kind, parts); err != nil {
		return errors.Join(err, f.Close(), os.Remove(name+unfinished))
	}
	if j.file != nil {
		_ = j.file.Close() // it was written; nothing of it is buffered
	}
	j.file, j.segments = f, append(j.segments, next)
	return nil
}

// fill writes a new segment's header and first record, and gives it its name.
func (j *Journal) fill(f *os.File, s *segment, kind uint8, parts [][]byte) error {
	header := binary.LittleEndian.AppendUint64(magic[:], s.number)
	if err := writeAll(f, [][]byte{header}, 0); err != nil {
		return err
	}
	if err := j.append(f, s, kind, parts); err != nil {
		return err
	}
	return os.Rename(f.Name(), j.path(s.number))
}

// deleteOldest makes room; false where there is nothing to delete but the
// segment that is being written.
func (j *Journal) deleteOldest() bool {
	if len(j.segments) < 2 || os.Remove(j.path(j.segments[0].number)) != nil {
		return false
	}
	j.segments = append(j.segments[:0], j.segments[1:]...)
	return true
}
