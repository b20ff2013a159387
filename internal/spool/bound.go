package spool

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// waitingFile is a segment of ours that nobody has taken.
type waitingFile struct {
	name  string
	bytes int64
}

// errTaken says that a segment was taken before it could be given up.
var errTaken = errors.New("somebody has taken it")

// bound gives up the oldest segments where too many bytes wait, some more than
// it must: to look at all of them takes time. The rows count as lost before they
// are: a process that is killed in between does not lose them silently.
func (s *Spool) bound() error {
	if s.bytes <= s.options.Bytes {
		return nil
	}
	files, bytes, err := s.waitingFiles()
	if err != nil {
		return err
	}
	s.bytes = bytes
	if bytes <= s.options.Bytes {
		return nil // some were taken
	}
	for _, f := range files {
		if s.bytes <= s.options.Bytes/10*9 {
			break
		}
		if err := s.giveUpFile(f.name); err != nil && !errors.Is(err, errTaken) {
			return err
		}
		s.bytes -= f.bytes
	}
	return nil
}

func (s *Spool) giveUpFile(name string) error {
	info, err := segment.ReadInfo(filepath.Join(s.options.Folder, name))
	if errors.Is(err, os.ErrNotExist) {
		return errTaken
	}
	again, rows := s.state.Again, uint64(max(info.Rows, 0)) // of a damaged one nobody knows how many
	if info.Name.Table == logs.CaptureLoss.Name && s.tellAgain(name) {
		rows = 0 // none is lost then
	}
	s.state.Giving = name
	s.state.lose(logs.SpoolLoss, rows, bounds{info.From, info.To})
	err = s.state.keep(s.options.State)
	if err == nil {
		err = s.remove(name)
	}
	s.state.Giving = ""
	if err != nil {
		s.state.Lost[logs.SpoolLoss] -= rows
		s.state.Again = again
	}
	return errors.Join(err, s.state.keep(s.options.State))
}

// tellAgain reports whether the losses of a segment are told again. One that cannot
// be read is damaged, or gone: its rows count as others' do.
func (s *Spool) tellAgain(name string) bool {
	file := filepath.Join(s.options.Folder, name)
	err := s.state.tellAgain(file)
	if _, gone := os.Stat(file); err != nil && gone == nil {
		s.options.Log.Warn("losses that a segment told of are lost with it", "file", name, "error", err)
	}
	return err == nil
}

func (s *Spool) remove(name string) error {
	err := os.Remove(filepath.Join(s.options.Folder, name))
	if errors.Is(err, os.ErrNotExist) {
		return errTaken
	}
	return err
}

// waitingFiles are our segments in the folder, the oldest first.
func (s *Spool) waitingFiles() (files []waitingFile, bytes int64, err error) {
	entries, err := os.ReadDir(s.options.Folder)
	if err != nil {
		return nil, 0, err
	}
	for _, e := range entries {
		name, err := segment.ParseName(e.Name())
		if err != nil || name.Firewall != s.options.Firewall {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it was taken just now
		}
		files = append(files, waitingFile{e.Name(), info.Size()})
		bytes += info.Size()
	}
	slices.SortFunc(files, func(a, b waitingFile) int { return strings.Compare(a.name, b.name) })
	return files, bytes, nil
}

// Gauge is what waits in the folder.
type Gauge struct {
	Files  int
	Bytes  int64
	Bound  int64
	Closed uint64 // segments that were closed, of all tables
}

// Gauge looks at the folder.
func (s *Spool) Gauge() (Gauge, error) {
	files, bytes, err := s.waitingFiles()
	s.mu.Lock()
	defer s.mu.Unlock()
	g := Gauge{Files: len(files), Bytes: bytes, Bound: s.options.Bytes}
	for _, n := range s.state.Sequences {
		g.Closed += n
	}
	return g, err
}
