package firewall

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"

	"github.com/sekisho/sekisho/internal/journal"
	"github.com/sekisho/sekisho/internal/logs"
)

func (c *Config) endedFile() string { return filepath.Join(c.stateFolder(), "ended.json") }

// noteEnd notes that the process ends in order: the rows of its last batch are in
// files, wherever somebody moves those until the next start.
func (f *Firewall) noteEnd() {
	if f.journal == nil || f.noted.At == (journal.Spot{}) {
		return
	}
	text, err := json.Marshal(f.noted.At)
	if err == nil {
		err = writeWhole(f.config.endedFile(), text)
	}
	if err != nil {
		f.log.Warn("where log files are moved away before the next start, it will write some rows twice", "error", err)
	}
}

// endedAfter reports whether the process that took a batch has ended in order after it.
func (f *Firewall) endedAfter(m mark) bool {
	var at journal.Spot
	text, err := os.ReadFile(f.config.endedFile())
	return err == nil && json.Unmarshal(text, &at) == nil && at == m.At && at != (journal.Spot{})
}

// allWritten are all rows of a batch.
func allWritten(subset logs.Subset) *written {
	w := &written{subset: subset, rows: map[string]int{}}
	for _, t := range eventTables {
		w.rows[t.Name] = math.MaxInt
	}
	return w
}
