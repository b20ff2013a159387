package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sekisho/sekisho/internal/logs"
)

// read reads the rows of a generation's file from a place of it, and says where
// what is whole of it ends.
func (k *kept) read(generation uint64, from int64) (records []logs.Record, whole int64, err error) {
	name := k.name(generation)
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, 0, fmt.Errorf("read rows that were written down: %w", err)
	}
	from = min(int64(len(data)), from)
	records, size, err := readBlocks(data[from:])
	if err != nil {
		return nil, 0, fmt.Errorf("read rows that were written down, %s: %w", name, err)
	}
	return records, from + int64(size), nil
}

// adopt gives the files of an older program their names.
func (k *kept) adopt() error {
	names, err := filepath.Glob(filepath.Join(k.folder, keptPrefix+"*"+keptBefore))
	for _, name := range names {
		err = errors.Join(err, os.Rename(name, strings.TrimSuffix(name, keptBefore)+keptSuffix))
	}
	return err
}

// readKept puts the rows that a killed process had written down into their
// generations, and goes on with the newest.
func (s *Spool) readKept() error {
	s.kept = &kept{folder: s.options.State}
	err := s.kept.adopt()
	numbers, listErr := s.kept.numbers()
	if err = errors.Join(err, listErr); err != nil {
		return fmt.Errorf("look for rows that were written down: %w", err)
	}
	newest := s.state.Closed + 1
	for _, n := range numbers {
		newest = max(newest, n)
		carried := s.state.KeptFrom > 0 && n >= s.state.KeptFrom
		if n <= s.state.Closed && !carried {
			continue // its rows are in segments
		}
		records, whole, err := s.kept.read(n, 0)
		if err != nil {
			return err
		}
		s.tellTorn(n, whole)
		rows := make([]logs.Row, len(records))
		for i, r := range records {
			rows[i] = r.Row()
		}
		s.at(max(n, s.state.Closed+1)).keep(s, rows)
	}
	return s.goOn(newest)
}

// tellTorn says what is no whole rows at the end of a generation's file: the
// process was killed while it wrote them, or the host lost power.
func (s *Spool) tellTorn(generation uint64, whole int64) {
	stat, err := os.Stat(s.kept.name(generation))
	if err == nil && stat.Size() > whole {
		s.options.Log.Warn("what an earlier process wrote down last is not whole, and is passed over", "file", s.kept.name(generation), "bytes", stat.Size()-whole)
	}
}

// goOn appends to the file of a generation, behind what is whole.
func (s *Spool) goOn(generation uint64) error {
	if err := s.kept.begin(generation); err != nil {
		return err
	}
	_, whole, err := s.kept.read(generation, 0)
	if err != nil {
		return err
	}
	s.kept.size = whole
	return s.kept.file.Truncate(whole)
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
		records, _, err := s.kept.read(n, from)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
	}
	return all, nil
}
