package segment

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Lost tells of rows that a folder had, or should have taken, and that no query
// sees any more: the file of their segment is damaged and was set aside, or is
// gone. It lies beside what was set aside until [Folder.Told], and is there before
// anything is moved: so it is forgotten at no moment at which a process is killed.
type Lost struct {
	// File is the name of the segment's file.
	File string `json:"file"`
	// From and To bound TimeGenerated of the rows; zero where unknown.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	// Rows is how many they are, 0 where unknown.
	Rows int64 `json:"rows,omitempty"`
	// Holds are whose they are; none where unknown.
	Holds []Held `json:"holds,omitempty"`
	// Reason is why they are lost.
	Reason string `json:"reason"`
	// Noticed is when that was found.
	Noticed time.Time `json:"noticed"`
}

// lostEnding is how the names of files end that have a Lost.
const lostEnding = ".lost"

// lostOf is the loss of a listed segment, whose rows are known.
func lostOf(i *Info) *Lost {
	l := &Lost{File: i.Name.String(), From: i.From, To: i.To, Rows: i.Rows, Holds: slices.Clone(i.holds())}
	if len(l.Holds) == 1 {
		l.Holds[0].Rows = i.Rows // a merged one of an older program does not say
	}
	return l
}

// lostFile is the loss of a file of which the name is all that can be read. No row
// in it is younger than the file.
func lostFile(path string) *Lost {
	l := &Lost{File: filepath.Base(path)}
	if stat, err := os.Stat(path); err == nil {
		l.To = stat.ModTime().UTC()
	}
	n, err := ParseName(l.File)
	if err != nil {
		return l
	}
	l.From = n.From
	if l.To.Before(l.From) {
		l.To = time.Time{}
	}
	if n.Level == 0 {
		l.Holds = (&Info{Name: n}).holds()
	}
	return l
}

// owe writes down that a loss is to be told. What it says stays where it is
// written down already: a process that was killed then knew more.
func (f *Folder) owe(l *Lost, reason string) error {
	if _, err := os.Stat(f.lostPath(l.File)); err == nil {
		return nil
	}
	l.Reason, l.Noticed = reason, time.Now().UTC()
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return createFile(f.lostPath(l.File), true, func(file *os.File) error {
		_, err := file.Write(data)
		return err
	})
}

func (f *Folder) lostPath(file string) string {
	return filepath.Join(f.root, damagedFolder, filepath.Base(file)+lostEnding)
}

// Losses are those that were not told yet, by the names of the files.
func (f *Folder) Losses() ([]Lost, error) {
	entries, err := os.ReadDir(filepath.Join(f.root, damagedFolder))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for rows that are lost: %w", err)
	}
	var all []Lost
	for _, e := range entries {
		file, is := strings.CutSuffix(e.Name(), lostEnding)
		if !is {
			continue
		}
		data, err := os.ReadFile(f.lostPath(file))
		if err != nil {
			return nil, fmt.Errorf("look for rows that are lost: %w", err)
		}
		var l Lost
		if json.Unmarshal(data, &l) != nil || l.File != file { // somebody wrote to it: the name is left
			l = *lostFile(filepath.Join(f.root, damagedFolder, file))
			l.Reason, l.Noticed = "the note about it is damaged too", time.Now().UTC()
		}
		f.findOwners(l.Holds)
		all = append(all, l)
	}
	return all, nil
}

// Told says that the loss of a file is told.
func (f *Folder) Told(file string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock == nil {
		return fmt.Errorf("note that a loss is told: %w", ErrReadOnly)
	}
	if err := os.Remove(f.lostPath(file)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("note that a loss is told: %w", err)
	}
	return nil
}
