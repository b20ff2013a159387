package firewall

import (
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// debt is what the files of one destination are owed: losses for whose rows there
// was no room. It is part of the ledger, so it outlives the process. Losses of one
// place, kind and reason are one: there are few, however long a disk is full.
type debt struct {
	layout
	Losses []logs.Loss `json:"losses"`
}

// owe adds losses to what the files of a layout are owed.
func (l *ledger) owe(to layout, losses []logs.Loss) {
	if len(losses) == 0 {
		return
	}
	i := slices.IndexFunc(l.Owed, func(d debt) bool { return d.layout == to })
	if i < 0 {
		i = len(l.Owed)
		l.Owed = append(l.Owed, debt{layout: to})
	}
	for _, one := range losses {
		l.Owed[i].add(one)
	}
}

func (d *debt) add(one logs.Loss) {
	for i := range d.Losses {
		if o := &d.Losses[i]; o.Place == one.Place && o.Kind == one.Kind && o.Reason == one.Reason {
			o.Count, o.Noticed = o.Count+one.Count, later(o.Noticed, one.Noticed)
			o.From, o.To = earlier(o.From, one.From), later(o.To, one.To)
			return
		}
	}
	d.Losses = append(d.Losses, one)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// owed is what the files of a layout are owed.
func (l *ledger) owed(to layout) []logs.Loss {
	for _, d := range l.Owed {
		if d.layout == to {
			return d.Losses
		}
	}
	return nil
}

// paid forgets what the files of a layout were owed.
func (l *ledger) paid(to layout) {
	l.Owed = slices.DeleteFunc(l.Owed, func(d debt) bool { return d.layout == to })
}

// resume goes on with rows that had no room in files: so many when a batch was taken
// in which a process was killed. Those of the batch itself are lost again, or not.
func (l *ledger) resume(lost uint64) { l.lost = lost }

// resumed says how many they are now. What was told to be lost and is written after
// all stays told; what is lost from here on is told anew.
func (l *ledger) resumed(lost uint64) { l.Files = min(l.Files, lost) }

// debtors are the open files that are owed something, also those to which settings
// send nothing any more.
func (f *Firewall) debtors() []*files {
	f.opened.Lock()
	defer f.opened.Unlock()
	var list []*files
	for at, fs := range f.opened.files {
		if len(f.ledger.owed(at)) > 0 {
			list = append(list, fs)
		}
	}
	return list
}

// payment is what is about to be written to files that are owed something.
func (f *Firewall) payment(fs *files) writing {
	var rows []logs.Row
	for _, one := range f.ledger.owed(fs.layout) {
		rows = append(rows, logs.LossRow(one, f.source))
	}
	w := fs.writing(logs.CaptureLoss, rows)
	w.Pays = &fs.layout
	return w
}
