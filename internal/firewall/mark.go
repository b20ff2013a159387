package firewall

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/journal"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/spool"
)

// mark is where the files ended before the rows of a batch were written to
// them, and which segments its rows belong to. It is in the journal before they
// are written. So of the batch in which a process was killed the next one knows
// how many rows are written: the lines after the mark. A row needs no number for
// that.
type mark struct {
	fileMark
	More []fileMark `json:"more,omitempty"` // of further destinations
	// Moment is that of the batch; of batches of older programs it is zero.
	Moment moment `json:"moment"`
	// At is where it stands in the journal.
	At journal.Spot `json:"at,omitzero"`
	// Place is where the rows go that are for a workspace.
	Place spool.Place `json:"segments,omitzero"`
	// Lost is how many rows could not be written to files up to here: what was told
	// of them may be less.
	Lost uint64 `json:"lost,omitempty"`
	// Settings is the revision of the settings that say which those are.
	Settings int `json:"settings,omitempty"`
}

// fileMark is that of the files of one destination.
type fileMark struct {
	layout
	AzureOnly bool                `json:"azureOnly,omitempty"`
	Files     map[string]position `json:"files"` // by table
}

// eventTables have the rows that are made from one event each, in their order.
// The rows of connections come when time passes too; see repeats.
var eventTables = []*logs.Table{logs.FlowTrace, logs.NetworkRule}

// otherTables are all others.
var otherTables = slices.DeleteFunc(slices.Clone(logs.Tables()), func(t *logs.Table) bool { return slices.Contains(eventTables, t) })

// mark goes on to the files of this time, and says where they end.
func (fs *files) mark(now time.Time) fileMark {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	_ = fs.roll(now, eventTables...) // what cannot be opened is tried again, and told by flush
	m := fileMark{layout: fs.layout, AzureOnly: fs.subset.AzureOnly, Files: map[string]position{}}
	for _, table := range markedTables {
		m.Files[table.Name] = fs.tables[table].position()
	}
	return m
}

var markedTables = append(slices.Clone(eventTables), logs.Connection)

// goBack goes back to the files of a mark: of an hour that is over.
func (fs *files) goBack(m fileMark) error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, t := range markedTables {
		p := m.Files[t.Name]
		if p.Path == "" || p.Path == fs.tables[t].name {
			continue
		}
		f, err := openFile(p.Path, false)
		if err != nil {
			return err
		}
		if err := fs.tables[t].close(); err != nil {
			return err
		}
		fs.tables[t] = f
	}
	return nil
}

// expect says that rows which were cut off at the end of files come again.
func (fs *files) expect(w *written) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, table := range eventTables {
		if _, counted := w.rows[table.Name]; counted {
			fs.tables[table].cut = false
		}
	}
}

// mark is what the recorder keeps in the journal with a batch. Settings that
// were changed are in force from here on.
func (f *Firewall) mark(reached time.Time) []byte {
	now := time.Now()
	changed := f.switchOutputs()
	f.tellIgnored(f.ignored.reach(now)) // before the ends of the files are noted
	o := f.outputs.Load()
	m := mark{Lost: f.lostRows(), Moment: f.fold.moment(f.config.Logs.foldRate(), reached, f.ending() || f.foldsForLong()), Settings: o.revision}
	if f.journal != nil {
		m.At = f.journal.End()
	}
	for i, fs := range o.lineFiles() {
		if i == 0 {
			m.fileMark = fs.mark(now)
		} else {
			m.More = append(m.More, fs.mark(now))
		}
	}
	if f.spool() != nil {
		m.Place = f.spool().Next(now, changed || f.openForLong())
	}
	f.noted = m
	text, err := json.Marshal(m)
	if err != nil {
		return nil // it has strings and numbers only: this cannot be
	}
	return text
}

// readMark reads what a batch was taken with; of one without a mark the zero
// value.
func readMark(text []byte) (m mark, err error) {
	if len(text) == 0 {
		return m, nil
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read mark: %w", err)
	}
	return m, nil
}

// fileMarks are those of all destinations.
func (m *mark) fileMarks() []fileMark {
	if m.Directory == "" {
		return nil // there were no files
	}
	return append([]fileMark{m.fileMark}, m.More...)
}
