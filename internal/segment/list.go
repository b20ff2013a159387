package segment

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
)

// list is the file that says what a folder has: lines that are only appended,
// each the CRC-32C of a record in hexadecimal, a space, and the record as JSON.
// Now and then it is written anew, as short as it can be. It can be made again
// from the segments themselves; what is then lost is only which segments were
// delivered whose rows are gone.
type list struct {
	path    string
	file    *os.File // nil until something is appended
	size    int64
	records int // in the file
	slack   int // records beyond what it needs, before it is written anew
	line    []byte
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// listSlack is written anew in some ten milliseconds.
const listSlack = 2000

// appendLine appends a record as a line of the list.
func appendLine(dst []byte, r record) ([]byte, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return dst, err
	}
	dst = fmt.Appendf(dst, "%08x ", crc32.Checksum(text, castagnoli))
	return append(append(dst, text...), '\n'), nil
}

// parseLine reads a line of a list, without its newline.
func parseLine(line []byte) (record, error) {
	var r record
	sum, text, found := bytes.Cut(line, []byte(" "))
	var want [4]byte
	if n, err := hex.Decode(want[:], sum[:min(len(sum), 8)]); !found || err != nil || n != 4 || len(sum) != 8 {
		return r, errors.New("the line has no checksum")
	}
	if got := crc32.Checksum(text, castagnoli); got != uint32(want[0])<<24|uint32(want[1])<<16|uint32(want[2])<<8|uint32(want[3]) {
		return r, errors.New("the line has another checksum than it says")
	}
	err := json.Unmarshal(text, &r)
	return r, err
}

// parseList reads a list up to its first line that is none, and returns how
// many bytes and lines it read and what is wrong with what follows. A last line
// without a newline is what a killed process left.
func parseList(data []byte) (s *state, size, records int, problem error) {
	s = newState()
	for size < len(data) {
		line, _, whole := bytes.Cut(data[size:], []byte("\n"))
		if !whole {
			return s, size, records, fmt.Errorf("line %d ends in its middle", records+1)
		}
		r, err := parseLine(line)
		if err == nil {
			err = s.apply(r)
		}
		if err != nil {
			return s, size, records, fmt.Errorf("line %d: %w", records+1, err)
		}
		size += len(line) + 1
		records++
	}
	return s, size, records, nil
}

// read reads the list. A problem is one of its content, which the segments
// themselves can tell.
func (l *list) read() (s *state, problem error, err error) {
	data, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return newState(), errors.New("it is not there"), nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read list of segments: %w", err)
	}
	s, size, records, problem := parseList(data)
	l.size, l.records = int64(size), records
	return s, problem, nil
}

// append appends a record. On an error the list is as it was.
func (l *list) append(r record) error {
	line, err := appendLine(l.line[:0], r)
	if err != nil {
		return fmt.Errorf("write list of segments: %w", err)
	}
	l.line = line
	if l.file == nil {
		if l.file, err = os.OpenFile(l.path, os.O_WRONLY, 0); err != nil {
			return fmt.Errorf("write list of segments: %w", err)
		}
	}
	if _, err := l.file.WriteAt(line, l.size); err != nil {
		return fmt.Errorf("write list of segments: %w", errors.Join(err, l.file.Truncate(l.size)))
	}
	l.size += int64(len(line))
	l.records++
	return nil
}

// rewrite replaces the list by one that says the state and no more.
func (l *list) rewrite(s *state) error {
	var data []byte
	records := s.checkpoint()
	for _, r := range records {
		var err error
		if data, err = appendLine(data, r); err != nil {
			return fmt.Errorf("write list of segments: %w", err)
		}
	}
	err := createFile(l.path, true, func(f *os.File) error {
		_, err := f.Write(data)
		return err
	})
	if err != nil {
		return fmt.Errorf("write list of segments: %w", err)
	}
	l.close()
	l.size, l.records = int64(len(data)), len(records)
	return nil
}

// full reports whether the list says much more than it must.
func (l *list) full(s *state) bool { return l.records > 2*len(s.segments)+l.slack }

func (l *list) close() {
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
}
