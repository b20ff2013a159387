package firewall

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/spool"
)

// ledger knows which losses have been told. What the program in the kernel
// counts goes on without us, so that part is kept over a restart.
type ledger struct {
	file string // empty: not kept
	told
	journal uint64 // failures of it, when it was looked last
	lost    uint64 // rows that processes before this one could not write to files
	late    bool   // the file is not as it should be: it could not be written
	failure string // of the journal, as it was told last
}

// told is what the file has, as JSON.
type told struct {
	Told  map[flow.Flag]uint64 `json:"told"` // of the rings, by kind
	Since time.Time            `json:"since"`
	// Process are those that processes count in memory that outlives them.
	Process map[logs.LossPlace]uint64 `json:"process,omitempty"`
	// Drops are those of the host's drops, by watcher.
	Drops map[string]uint64 `json:"drops,omitempty"`
	// Files are rows that were told to have no room in files.
	Files uint64 `json:"files,omitempty"`
	// Segments are rows that were told to be lost on their way to a workspace.
	Segments map[logs.LossPlace]uint64 `json:"segments,omitempty"`
	// Writings are the rows that tell it, noted before they are written: a
	// process that is killed in between tells nothing twice.
	Writings []writing `json:"writings,omitempty"`
	// Owed are losses that files did not get yet.
	Owed    []debt   `json:"owed,omitempty"`
	Writing *writing `json:"writing,omitempty"` // that of an older program
}

// writing is lines that are to be in a file, at a place of it.
type writing struct {
	File  string `json:"file"`
	At    int64  `json:"at"`
	Lines string `json:"lines"`
	// Pays says whose debt it is that is paid with it; nil for none.
	Pays *layout `json:"pays,omitempty"`
}

// counts are losses that are counted otherwise than in rings: over restarts, but
// the failures of the journal.
type counts struct {
	journal  uint64
	process  map[logs.LossPlace]uint64
	drops    map[string]uint64
	files    uint64
	segments map[logs.LossPlace]spool.Loss
}

func openLedger(file string) (*ledger, error) {
	l := &ledger{file: file, told: told{Told: map[flow.Flag]uint64{}}}
	if file == "" {
		return l, nil
	}
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &l.told); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	l.lost = l.Files
	if l.Writing != nil {
		l.Writings, l.Writing = append(l.Writings, *l.Writing), nil
	}
	if len(l.Writings) == 0 {
		return l, nil
	}
	for _, w := range l.Writings {
		switch err := w.finish(); {
		case err == nil && w.Pays != nil:
			l.paid(*w.Pays)
		case err != nil && w.Pays == nil: // else it is owed still
			return nil, fmt.Errorf("finish rows about losses: %w", err)
		}
	}
	l.Writings = nil
	_ = l.keep() // the next one tries again, and finds what is finished
	return l, nil
}

// finish writes what a killed process has not written of its lines, all or none. If
// the file is another one now, nobody knows: rather twice than never.
func (w *writing) finish() error {
	if err := os.MkdirAll(filepath.Dir(w.File), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(w.File, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o640)
	if err != nil {
		return err
	}
	defer f.Close()
	there := make([]byte, len(w.Lines))
	n, err := f.ReadAt(there, w.At)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	rest := []byte(w.Lines)
	if bytes.HasPrefix(rest, there[:n]) {
		rest, end = rest[n:], min(end, w.At)
	}
	if _, err = f.Write(rest); err != nil {
		err = errors.Join(err, f.Truncate(end))
	}
	return err
}

// losses compares the counters with what was told, and returns what is new and
// what is told once that is.
func (l *ledger) losses(s capture.Stats, now counts, at time.Time) ([]logs.Loss, told) {
	next := told{Told: map[flow.Flag]uint64{}, Since: at}
	var out []logs.Loss
	add := func(place logs.LossPlace, kind, reason string, count uint64) {
		if count > 0 {
			out = append(out, logs.Loss{From: l.Since, To: at, Place: place, Kind: kind, Reason: reason, Count: count})
		}
	}
	place, reason := logs.RingLoss, "it was full"
	if now.journal > l.journal { // then nothing is read from the rings
		place, reason = logs.JournalLoss, "it could not be written, and the ring was full"
	}
	for kind, lost := range s.Lost {
		before := l.Told[kind]
		if lost < before {
			before = 0 // other counters: the program was removed meanwhile
		}
		name, _ := kind.MarshalText()
		add(place, string(name), reason, lost-before)
		next.Told[kind] = lost
	}
	for _, p := range processLosses {
		add(p.place, p.kind, p.reason, now.process[p.place]-min(now.process[p.place], l.Process[p.place]))
	}
	next.Process = now.process
	add(logs.FileLoss, "", "the file could not be written", now.files-min(now.files, l.Files))
	next.Files = now.files
	var dropped uint64
	for watcher, n := range now.drops {
		dropped += n - min(n, l.Drops[watcher])
	}
	add(logs.DropLoss, "", "too many to tell of each", dropped)
	next.Drops = now.drops
	var untold []logs.Loss
	untold, next.Segments = l.segmentLosses(now.segments, at)
	return append(out, untold...), next
}

// processLosses are those of told.Process.
var processLosses = []struct {
	place        logs.LossPlace
	kind, reason string
}{
	{logs.ReasonLoss, "", "they came faster than they were read"},
	{logs.JoinLoss, flow.INVALID.String(), "no text came for the packet"},
	{logs.IgnoredLoss, flow.IGNORED.String(), "they came faster than they are told of"},
	{logs.EndLoss, "", "the buffer was full"},
	{logs.FollowerLoss, "", "who followed live was too slow"},
}

// segmentLosses are rows that were lost on their way to a workspace and not told
// yet, with their own times: they may have waited for days.
func (l *ledger) segmentLosses(now map[logs.LossPlace]spool.Loss, at time.Time) (out []logs.Loss, next map[logs.LossPlace]uint64) {
	if now == nil {
		return nil, l.Segments // nothing goes to a workspace at the moment
	}
	next = map[logs.LossPlace]uint64{}
	for place, lost := range now {
		next[place] = lost.Rows
		if n := lost.Rows - min(lost.Rows, l.Segments[place]); n > 0 {
			out = append(out, logs.Loss{From: lost.From, To: lost.To, Noticed: at, Place: place, Reason: segmentReasons[place], Count: n})
		}
	}
	return out, next
}

// segmentReasons say why rows are in no segment.
var segmentReasons = map[logs.LossPlace]string{
	logs.SegmentLoss: "no segment could be written",
	logs.SpoolLoss:   "no workspace took them, and the spool was full",
}

// keep writes down what has been told.
func (l *ledger) keep() error {
	if l.file == "" {
		return nil
	}
	data, err := json.Marshal(l.told)
	if err != nil {
		return err
	}
	err = writeWhole(l.file, data)
	l.late = err != nil
	return err
}

// keepLate is keep where the last one failed.
func (l *ledger) keepLate() error {
	if !l.late {
		return nil
	}
	return l.keep()
}

func (c *Config) ledgerFile() string { return filepath.Join(c.stateFolder(), "losses.json") }
