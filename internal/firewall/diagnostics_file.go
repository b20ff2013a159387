package firewall

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/settings"
)

// readSettings is nil where nobody has set any.
func readSettings(file string) (*keptSettings, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read diagnostic settings: %w", err)
	}
	var kept keptSettings
	if err := json.Unmarshal(text, &kept); err != nil {
		return nil, fmt.Errorf("read diagnostic settings, %s: %w", file, err)
	}
	var problems []error
	settings.Check(kept.Settings, func(i int, field, value, message, hint string) {
		problems = append(problems, fmt.Errorf("%s: settings[%d].%s %q: %s", file, i, field, value, message))
	})
	return &kept, errors.Join(problems...)
}

// writeSettings writes a file whole or not at all, and has it on the disk.
func writeSettings(file string, kept keptSettings) error {
	text, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("keep diagnostic settings: %w", err)
	}
	next := file + ".next"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("keep diagnostic settings: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("keep diagnostic settings: %w", err), os.Remove(next))
	}
	return os.Rename(next, file)
}

// tellParts tells each destination that not everything is recorded there, or
// that it is.
func (f *Firewall) tellParts() {
	f.unheard.mu.Lock()
	defer f.unheard.mu.Unlock()
	f.tellPartsNow()
}

func (f *Firewall) tellPartsNow() {
	o := f.outputs.Load()
	for i, d := range o.router.Destinations {
		s := logs.State{State: logs.RecordedWhole, Detail: "everything is recorded here"}
		if missing := f.unheard.names(); missing != "" {
			s.State, s.Detail = logs.RecordedExcept, "everything is recorded here but what is recorded nowhere: "+missing
		}
		if part := o.router.Part(d); part != "" {
			s.State, s.Detail = logs.RecordedInPart, part
		}
		f.tellThere(o, i, s)
	}
}

// tellParting tells destinations that are none any more.
func (f *Firewall) tellParting(before, next *outputs) {
	for i, d := range before.router.Destinations {
		if !next.router.Has(d) {
			f.tellThere(before, i, logs.State{State: logs.RecordedInPart, Detail: next.router.Part(d)})
		}
	}
}

// tellThere writes a row about what is recorded to one destination.
func (f *Firewall) tellThere(o *outputs, destination int, s logs.State) {
	s.Time = time.Now()
	rows := []logs.Row{logs.StateRow(s, f.source)}
	fs := o.files[destination]
	if fs == nil {
		f.keepRows(rows)
		return
	}
	fs.add(rows, &written{})
	if err := fs.flush(); err != nil {
		f.log.Error("rows could not be written", "error", err)
	}
}
