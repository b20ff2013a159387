package firewall

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/journal"
	"github.com/sekisho/sekisho/internal/logs"
)

// openJournal opens what earlier processes of this firewall have read from the
// rings.
func (f *Firewall) openJournal() (err error) {
	keep := f.config.Capture.JournalBytes
	f.journal, err = journal.Open(filepath.Join(f.config.stateFolder(), "journal"),
		journal.Options{KeepBytes: keep, SegmentBytes: keep / 8})
	return err
}

// resume goes on where an earlier process of this firewall has ended: its
// connections are known again, and its last rows are written, those that are
// not.
func (f *Firewall) resume() error {
	if err := f.recorder.Resume(f.recall); err != nil {
		return err
	}
	f.ledger.resumed(f.lostRows())
	for _, cut := range f.journal.Cuts() {
		f.log.Warn("the journal had a torn end, as a killed process leaves it", "cut", cut.String())
	}
	for _, doubt := range f.recorder.Doubts() {
		f.log.Error("a part of what was recorded cannot be read", "error", doubt)
	}
	for _, u := range f.recorder.Unreadable() {
		if u.Earlier && f.need.reached != 0 {
			u.From = time.Unix(0, f.need.reached).UTC()
		}
		f.losses = append(f.losses, logs.Loss{From: u.From, To: u.To, Place: logs.UnreadLoss, Count: u.Count, Reason: u.Reason})
	}
	return nil
}

// recall takes a batch that an earlier process has read.
func (f *Firewall) recall(b capture.Recalled) {
	if b.State == capture.Delivered {
		f.replay(b)
		return
	}
	b.Events = slices.Clone(b.Events) // they stay
	switch b.State {
	case capture.Interrupted:
		f.takeInterrupted(b)
	case capture.Undelivered:
		f.take(b.Events)
	}
}

// takeInterrupted is take for the batch in which a process was killed, or after
// which it ended: the rows that are written are left out.
func (f *Firewall) takeInterrupted(b capture.Recalled) {
	m, err := readMark(b.Mark)
	if err != nil {
		f.log.Warn("some rows may be in the logs twice", "error", err)
	}
	o := f.outputsThen(m.Settings)
	done := leftOut{}
	for _, fm := range m.fileMarks() {
		w, err := fm.written()
		if err != nil && f.endedAfter(m) {
			w, err = allWritten(w.subset), nil
		}
		if err != nil {
			f.log.Warn("some rows may be in the logs twice", "error", err)
		}
		done[fm.layout] = w
		if fs := o.filesIn(fm.layout); fs != nil {
			if err := fs.goBack(fm); err != nil {
				f.log.Warn("a torn row may be left", "error", err)
			}
			fs.expect(w)
			fs.dontRepeat(fm)
		}
	}
	f.ledger.resume(m.Lost)
	f.dontTellAgain(m.Place)
	f.losses = append(f.losses, f.foldLosses(m.Moment)...)
	f.reach(m)
	f.takeRows(b.Events, done, m.Moment, o)
}
