package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/logs"
)

// kept writes rows down when they come, one file a generation: see kept_block.go.
// A file stays until the generation after its own is closed: for who wants to
// know what a killed process had told last.
type kept struct {
	folder     string
	generation uint64
	file       *os.File // nil where it could not be made
	size       int64
}

// Files of older programs have another name, and only lines of JSON, which are
// read as well.
const keptPrefix, keptSuffix, keptBefore = "kept-", ".rows", ".jsonl"

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

// write writes rows down, all or none: blocks or lines.
func (k *kept) write(blocks []byte) error {
	if k.file == nil {
		return errors.New("write rows down: the file could not be made")
	}
	n, err := k.file.Write(blocks)
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
// killed in between is followed by one that does it. What is noted is text.
func (s *Spool) KeepNoted(rows []logs.Row, note func(Writing)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := logs.Subset{}.AppendLines(nil, rows)
	note(Writing{s.kept.name(s.kept.generation), s.kept.size, string(lines)})
	s.at(s.kept.generation).keep(s, rows)
	return s.kept.write(lines)
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
