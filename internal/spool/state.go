package spool

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sekisho/sekisho/internal/logs"
)

// state is what the next process has to know, as JSON in a file.
type state struct {
	// Series is in the names of segments: the boot in which this state began,
	// and a random word, so that a spool that begins anew in the same boot
	// uses no name twice.
	Series string `json:"series"`
	// Closed is the newest generation that is closed, as are all before it.
	Closed uint64 `json:"closed"`
	// Sequences are the numbers of the newest segments, by table.
	Sequences map[string]uint64 `json:"sequences"`
	// Rows of events were in the closed generations.
	Rows uint64 `json:"rows"`
	// KeptFrom is the first closed generation whose kept rows are in the next
	// one that will be closed; 0: none.
	KeptFrom uint64 `json:"keptFrom,omitempty"`
	// Lost are rows that no segment has, by place.
	Lost map[logs.LossPlace]uint64 `json:"lost,omitempty"`
	// Untold are the times of those that CaptureLoss does not have yet.
	Untold map[logs.LossPlace]bounds `json:"untold,omitempty"`
	// Again are losses whose rows were given up: blocks of rows, which the next
	// generation that is closed has too.
	Again []byte `json:"again,omitempty"`
	// Giving is a segment that is about to be taken away; it counts as lost.
	Giving string `json:"giving,omitempty"`
}

const stateFile = "spool.json"

func readState(folder string) (state, error) {
	name := filepath.Join(folder, stateFile)
	text, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return beginState(folder)
	}
	if err != nil {
		return state{}, fmt.Errorf("read the spool's state: %w", err)
	}
	var s state
	if err := json.Unmarshal(text, &s); err != nil || s.Series == "" {
		return state{}, fmt.Errorf("read the spool's state, %s: %w", name, errors.Join(err, errors.New("remove the file to begin a new series of segments")))
	}
	s.makeMaps()
	return s, nil
}

func (s *state) makeMaps() {
	if s.Sequences == nil {
		s.Sequences = map[string]uint64{}
	}
	if s.Lost == nil {
		s.Lost = map[logs.LossPlace]uint64{}
	}
	if s.Untold == nil {
		s.Untold = map[logs.LossPlace]bounds{}
	}
}

// beginState begins a series. It is on the disk before a segment has its name.
func beginState(folder string) (state, error) {
	var s state
	s.makeMaps()
	if err := s.beginSeries(); err != nil {
		return state{}, err
	}
	return s, s.keep(folder)
}

func (s *state) beginSeries() error {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return fmt.Errorf("read boot id: %w", err)
	}
	word := make([]byte, 4)
	if _, err := rand.Read(word); err != nil {
		return err
	}
	s.Series = strings.TrimSpace(string(boot)) + "." + hex.EncodeToString(word)
	clear(s.Sequences)
	return nil
}

// keep writes the state down.
func (s *state) keep(folder string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	name := filepath.Join(folder, stateFile)
	if err := os.WriteFile(name+".next", text, 0o600); err != nil {
		return fmt.Errorf("keep the spool's state: %w", err)
	}
	if err := os.Rename(name+".next", name); err != nil {
		return fmt.Errorf("keep the spool's state: %w", err)
	}
	return nil
}

// keptSince is the first generation whose kept rows are needed: those of the
// last closed one say what was told last.
func (s *state) keptSince() uint64 {
	if s.KeptFrom > 0 {
		return s.KeptFrom
	}
	return s.Closed
}
