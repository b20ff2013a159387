package spool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/logs"
)

// kept writes rows down when they come, as JSON lines, one file a generation. A
// file stays until the generation after its own is closed: for who wants to know
// what a killed process had told last.
type kept struct {
	folder     string
	generation uint64
	file       *os.File // nil where it could not be made
	size       int64
	lines      []byte
}

const keptPrefix, keptSuffix = "kept-", ".jsonl"

func (k *kept) name(generation uint64) string {
	return filepath.Join(k.folder, keptPrefix+strconv.FormatUint(generation, 10)+keptSuffix)
}

// begin goes to the file of a generation.
func (k *kept) begin(generation uint64) error {
	err := k.close()
	k.generation, k.size = generation, 0
	file, openErr := os.OpenFile(k.name(generation), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if openErr != nil {
		return errors.Join(err, fmt.Errorf("write rows down: %w", openErr))
	}
	k.file = file
	return err
}

func (k *kept) close() error {
	if k.file == nil {
		return nil
	}
	file := k.file
	k.file = nil
	return file.Close()
}

// write writes rows down, all or none.
func (k *kept) write(rows []logs.Row) error {
	k.lines = logs.Subset{}.AppendLines(k.lines[:0], rows)
	if k.file == nil {
		return errors.New("write rows down: the file could not be made")
	}
	n, err := k.file.Write(k.lines)
	if err != nil {
		return errors.Join(fmt.Errorf("write rows down: %w", err), k.file.Truncate(k.size))
	}
	k.size += int64(n)
	return nil
}

// Writing is lines that are to be in a file, at a place of it.
type Writing struct {
	File  string
	At    int64
	Lines string
}

// KeepNoted is Keep for who notes it before it is done: a process that is
// killed in between is followed by one that does it.
func (s *Spool) KeepNoted(rows []logs.Row, note func(Writing)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := logs.Subset{}.AppendLines(nil, rows)
	note(Writing{s.kept.name(s.kept.generation), s.kept.size, string(lines)})
	return s.keep(rows)
}

// forget removes the files of generations before one.
func (k *kept) forget(before uint64) {
	numbers, _ := k.numbers()
	for _, n := range numbers {
		if n < before {
			_ = os.Remove(k.name(n)) // it is tried again with the next one
		}
	}
}

// numbers are the generations that have a file, in order.
func (k *kept) numbers() ([]uint64, error) {
	entries, err := os.ReadDir(k.folder)
	if err != nil {
		return nil, err
	}
	var numbers []uint64
	for _, e := range entries {
		text, isKept := strings.CutPrefix(e.Name(), keptPrefix)
		text, isLines := strings.CutSuffix(text, keptSuffix)
		if n, err := strconv.ParseUint(text, 10, 64); isKept && isLines && err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// read reads the rows of a generation's file from a place of it. What is left of
// a line that was being written is passed over.
func (k *kept) read(generation uint64, from int64) ([]logs.Record, error) {
	text, err := os.ReadFile(k.name(generation))
	if err != nil {
		return nil, fmt.Errorf("read rows that were written down: %w", err)
	}
	var records []logs.Record
	for line := range bytes.Lines(text[min(int64(len(text)), from):]) {
		if !bytes.HasSuffix(line, []byte{'\n'}) {
			break
		}
		r, err := logs.ParseJSON(line)
		if err != nil {
			return nil, fmt.Errorf("read rows that were written down, %s: %w", k.name(generation), err)
		}
		records = append(records, r)
	}
	return records, nil
}

// readKept puts the rows that a killed process had written down into their
// generations, and goes on with the newest.
func (s *Spool) readKept() error {
	s.kept = &kept{folder: s.options.State}
	numbers, err := s.kept.numbers()
	if err != nil {
		return fmt.Errorf("look for rows that were written down: %w", err)
	}
	newest := s.state.Closed + 1
	for _, n := range numbers {
		newest = max(newest, n)
		carried := s.state.KeptFrom > 0 && n >= s.state.KeptFrom
		if n <= s.state.Closed && !carried {
			continue // its rows are in segments
		}
		records, err := s.kept.read(n, 0)
		if err != nil {
			return err
		}
		g := s.at(max(n, s.state.Closed+1))
		for _, r := range records {
			g.begin()
			g.kept = append(g.kept, r.Row())
		}
	}
	return s.goOn(newest)
}

// goOn appends to the file of a generation, behind whole lines.
func (s *Spool) goOn(generation uint64) error {
	if err := s.kept.begin(generation); err != nil {
		return err
	}
	text, err := os.ReadFile(s.kept.name(generation))
	if err != nil {
		return err
	}
	s.kept.size = int64(bytes.LastIndexByte(text, '\n') + 1)
	return s.kept.file.Truncate(s.kept.size)
}

// KeptSince are the rows that an earlier process wrote down after a place.
func (s *Spool) KeptSince(p Place) ([]logs.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	numbers, err := s.kept.numbers()
	if err != nil {
		return nil, err
	}
	var all []logs.Record
	for _, n := range numbers {
		from := p.Kept
		switch {
		case n < p.KeptIn:
			continue
		case n > p.KeptIn:
			from = 0
		}
		records, err := s.kept.read(n, from)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}
