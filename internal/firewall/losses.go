package firewall

import (
	"context"
	"errors"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/spool"
)

// lossBeat is how often losses are looked for: one row a second and kind at
// most, so that telling of a flood is not another one.
const lossBeat = time.Second

// tellLosses looks for losses until the context ends, and once more.
func (f *Firewall) tellLosses(ctx context.Context) {
	for range beats(ctx, lossBeat) {
		f.tellLossesNow()
	}
	f.tellLossesNow()
}

func (f *Firewall) tellLossesNow() {
	if err := f.tellLossesOnce(); err != nil {
		f.log.Error("losses could not be told", "error", err)
	}
}

func (f *Firewall) tellLossesOnce() error {
	stats, err := f.recorder.Stats()
	if err != nil {
		return err
	}
	f.logJournal(stats.Journal)
	now := f.counts(stats)
	losses, next := f.ledger.losses(stats, now, time.Now())
	losses = append(losses, f.drops.unreadable()...)
	var rows []logs.Row
	for _, l := range losses {
		rows = append(rows, logs.LossRow(l, f.source))
	}
	if err := f.tellOnce(losses, rows, next); err != nil && len(rows) > 0 {
		f.log.Error("losses could not be noted or written; they are tried again", "error", err)
	}
	f.ledger.journal = now.journal
	if !f.ledger.late { // else it is not written down yet what is told
		if err := f.drops.forget(f.ledger.Drops); err != nil {
			f.log.Warn("counters of an earlier watcher stay", "error", err)
		}
	}
	if s := f.spool(); s != nil {
		for place, n := range next.Segments {
			s.Told(place, n)
		}
	}
	for i, l := range losses {
		f.log.Warn("events were lost", "place", l.Place, "kind", l.Kind, "count", l.Count, "reason", l.Reason)
		f.stream.publish(Entry{Rows: rows[i : i+1]})
		f.lost(l)
	}
	return nil
}

// counts gathers what is counted beside the program in the kernel.
func (f *Firewall) counts(s capture.Stats) counts {
	c := counts{journal: s.JournalFailures, process: f.outliving.read(), drops: f.drops.counts()}
	if f.spool() != nil {
		c.segments = f.spool().Losses()
	}
	c.files = f.lostRows()
	return c
}

// lostRows are those that could not be written to files, over restarts.
func (f *Firewall) lostRows() uint64 {
	f.opened.Lock()
	defer f.opened.Unlock()
	n := f.ledger.lost
	for _, fs := range f.opened.files {
		n += fs.lostRows()
	}
	return n
}

// logJournal says when the journal stops and when it goes on.
func (f *Firewall) logJournal(failure string) {
	switch {
	case failure != "" && f.ledger.failure == "":
		f.log.Error("the journal cannot be written; events wait in the rings, and packets are decided all the same", "error", failure)
	case failure == "" && f.ledger.failure != "":
		f.log.Info("the journal is written again")
	}
	f.ledger.failure = failure
}

// tellOnce writes rows about losses, and that they are told: neither without the
// other, whenever the process is killed. That it could not be noted that they are told is no
// reason not to tell them: it is noted as soon as it can. A file that has no room
// is owed them, and gets them when it has some.
func (f *Firewall) tellOnce(losses []logs.Loss, rows []logs.Row, next told) error {
	l, o := f.ledger, f.outputs.Load()
	if len(rows) == 0 && len(l.Owed) == 0 {
		l.Since = next.Since
		return l.keepLate()
	}
	next.Owed = l.Owed
	l.told = next
	for _, fs := range o.lineFiles() {
		l.owe(fs.layout, losses)
	}
	debtors := f.debtors()
	for _, fs := range debtors {
		l.Writings = append(l.Writings, f.payment(fs))
	}
	var errs []error
	if o.spooled && len(rows) > 0 {
		errs = append(errs, f.spool().KeepNoted(rows, func(w spool.Writing) {
			l.Writings = append(l.Writings, writing{File: w.File, At: w.At, Lines: w.Lines})
			errs = append(errs, l.keep())
		}))
	} else {
		errs = append(errs, l.keep())
	}
	for i, fs := range debtors {
		err := fs.append(logs.CaptureLoss, []byte(l.Writings[i].Lines))
		if errs = append(errs, err); err == nil {
			l.paid(fs.layout)
		}
	}
	l.Writings = nil
	return errors.Join(append(errs, l.keep())...)
}

// tellState writes a row about what is recorded.
func (f *Firewall) tellState(s logs.State) {
	if s.Time.IsZero() {
		s.Time = time.Now()
	}
	f.tell(logs.StateRow(s, f.source))
}

// tell tells a row that is about no packet.
func (f *Firewall) tell(row logs.Row) { f.tellEntries(Entry{Rows: []logs.Row{row}}) }

// tellEntries writes rows that follow from nothing in the journal, and then shows
// them to who follows: nobody is to have seen a row that a process which is killed
// now leaves nowhere.
func (f *Firewall) tellEntries(entries ...Entry) {
	f.writeKept(entries...)
	f.flushFiles()
	for _, e := range entries {
		f.stream.publish(e)
	}
}
