package firewall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// lossBeat is how often losses are looked for: one row a second and kind at
// most, so that telling of a flood is not another one.
const lossBeat = time.Second

// ledger knows which losses have been told. What the program in the kernel
// counts goes on without us, so that part is kept over a restart.
type ledger struct {
	file string // empty: not kept

	Told  map[flow.Flag]uint64 `json:"told"` // of the ring, by kind
	Since time.Time            `json:"since"`

	reasons, files, drops uint64 // told in this process
}

func openLedger(file string) (*ledger, error) {
	l := &ledger{file: file, Told: map[flow.Flag]uint64{}}
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
	if err := json.Unmarshal(data, l); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return l, nil
}

// losses compares the counters with what was told, and returns what is new.
func (l *ledger) losses(s capture.Stats, files, drops uint64, now time.Time) []logs.Loss {
	var out []logs.Loss
	add := func(place logs.LossPlace, kind string, count uint64) {
		if count > 0 {
			out = append(out, logs.Loss{From: l.Since, To: now, Place: place, Kind: kind, Count: count})
		}
	}
	for kind, lost := range s.Lost {
		if lost < l.Told[kind] {
			l.Told[kind] = 0 // other counters: the program was removed meanwhile
		}
		name, _ := kind.MarshalText()
		add(logs.RingLoss, string(name), lost-l.Told[kind])
		l.Told[kind] = lost
	}
	add(logs.ReasonLoss, "", s.ReasonOverruns-l.reasons)
	add(logs.FileLoss, "", files-l.files)
	add(logs.DropLoss, "", drops-l.drops)
	l.reasons, l.files, l.drops, l.Since = s.ReasonOverruns, files, drops, now
	return out
}

// keep writes down what has been told: after it was told, so that a crash in
// between tells it twice rather than never.
func (l *ledger) keep() error {
	if l.file == "" {
		return nil
	}
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	next := l.file + ".next"
	if err := os.WriteFile(next, data, 0o600); err != nil {
		return err
	}
	return os.Rename(next, l.file)
}

// tellLosses looks for losses until the context ends, and once more.
func (f *Firewall) tellLosses(ctx context.Context) {
	beat := time.NewTicker(lossBeat)
	defer beat.Stop()
	for last := false; !last; {
		select {
		case <-ctx.Done():
			last = true
		case <-beat.C:
		}
		if err := f.tellLossesOnce(); err != nil {
			f.log.Error("losses could not be looked for", "error", err)
		}
	}
}

func (f *Firewall) tellLossesOnce() error {
	stats, err := f.recorder.Stats()
	if err != nil {
		return err
	}
	var unwritten uint64
	if f.files != nil {
		for _, t := range f.files.counts() {
			unwritten += t.lost
		}
	}
	losses := f.ledger.losses(stats, unwritten, f.dropsLost(), time.Now())
	for _, l := range losses {
		f.log.Warn("events were lost", "place", l.Place, "kind", l.Kind, "count", l.Count)
		f.tell(logs.LossRow(l, f.source))
	}
	if len(losses) == 0 {
		return nil
	}
	return f.ledger.keep()
}

// tellState writes a row about what is recorded.
func (f *Firewall) tellState(s logs.State) {
	if s.Time.IsZero() {
		s.Time = time.Now()
	}
	f.tell(logs.StateRow(s, f.source))
}

// tell publishes a row that is about no packet.
func (f *Firewall) tell(row logs.Row) { f.tellOf(flow.Tuple{}, row) }

// tellOf publishes a row that no event stands behind, about a packet.
func (f *Firewall) tellOf(packet flow.Tuple, row logs.Row) {
	rows := []logs.Row{row}
	f.stream.publish(Entry{Packet: packet, Rows: rows})
	if f.files == nil {
		return
	}
	f.files.add(rows)
	f.flushFiles()
}

func (f *Firewall) flushFiles() {
	if err := f.files.flush(); err != nil {
		f.log.Error("rows could not be written; packets are decided and traced all the same", "error", err)
	}
}

func (c *Config) ledgerFile() string { return filepath.Join(c.stateFolder(), "losses.json") }
