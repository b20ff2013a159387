package firewall

import (
	"errors"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/settings"
)

// outputs are where rows go, by settings that do not change. Other settings are
// other outputs.
type outputs struct {
	revision int
	router   *settings.Router
	files    []*files // by destination; nil for the workspace
	spooled  bool     // one of the destinations is the workspace
}

// outputsOf opens what settings need. Files that are open are used on.
func (f *Firewall) outputsOf(revision int, r *settings.Router) (*outputs, error) {
	o := &outputs{revision: revision, router: r, files: make([]*files, len(r.Destinations))}
	for i, d := range r.Destinations {
		if d.Kind == settings.Workspace {
			o.spooled = true
			if err := f.openSpool(); err != nil {
				return nil, err
			}
			continue
		}
		fs, err := f.filesAt(f.layoutOf(d))
		if err != nil {
			return nil, err
		}
		o.files[i] = fs
	}
	return o, nil
}

// filesAt are the files of a layout: one for it, whoever asks.
func (f *Firewall) filesAt(l layout) (*files, error) {
	f.opened.Lock()
	defer f.opened.Unlock()
	if fs := f.opened.files[l]; fs != nil {
		return fs, nil
	}
	fs, err := openFiles(l, logs.Subset{AzureOnly: f.config.Logs.AzureOnly})
	if err == nil {
		f.opened.files[l] = fs
	}
	return fs, err
}

// filesIn are those of a layout; nil where there are none any more.
func (o *outputs) filesIn(l layout) *files {
	for _, fs := range o.lineFiles() {
		if fs.layout == l {
			return fs
		}
	}
	return nil
}

// lineFiles are the files of all destinations.
func (o *outputs) lineFiles() []*files {
	var list []*files
	for _, fs := range o.files {
		if fs != nil {
			list = append(list, fs)
		}
	}
	return list
}

// subject is what the rows of an entry are about.
func (e *Entry) subject(several bool) settings.Subject {
	return settings.Subject{Event: e.Event, Connection: e.Connection, Packet: e.Packet, Several: several}
}

// pick returns those of the rows that go to a destination.
func (o *outputs) pick(destination int, rows []logs.Row, about *settings.Subject) []logs.Row {
	wanted := 0
	for wanted < len(rows) && o.router.Wants(destination, rows[wanted].Table(), about) {
		wanted++
	}
	if wanted == len(rows) {
		return rows
	}
	picked := rows[:wanted:wanted]
	for _, r := range rows[wanted+1:] {
		if o.router.Wants(destination, r.Table(), about) {
			picked = append(picked, r)
		}
	}
	return picked
}

// write buffers the rows of an event, but those that are written. Those for a
// workspace follow from the journal.
func (f *Firewall) write(o *outputs, e *Entry, several bool, done leftOut) {
	about := e.subject(several)
	for i, fs := range o.files {
		rows := o.pick(i, e.Rows, &about)
		switch {
		case len(rows) == 0:
		case fs != nil:
			fs.add(rows, done.of(fs.layout))
		case f.placed:
			f.spooling = append(f.spooling, rows...)
		}
	}
}

// addSegments adds the rows of a batch to segments. What the rows of a batch are
// made of is free again then.
func (f *Firewall) addSegments() {
	if len(f.spooling) > 0 {
		f.spool().Add(f.spooling)
		clear(f.spooling)
		f.spooling = f.spooling[:0]
	}
	f.maker.Reset()
}

// writeKept writes rows that follow from no event.
func (f *Firewall) writeKept(entries ...Entry) {
	o := f.outputs.Load()
	for i, fs := range o.files {
		var rows []logs.Row
		for n := range entries {
			about := entries[n].subject(false)
			picked := o.pick(i, entries[n].Rows, &about)
			switch {
			case len(picked) == 0:
			case fs != nil:
				fs.add(picked, &written{})
			case entries[n].Connection == nil || !f.toldBefore.take(entries[n].Connection):
				rows = append(rows, picked...)
			}
		}
		if fs == nil {
			f.keepRows(rows)
		}
	}
}

// flushFiles writes what is buffered.
func (f *Firewall) flushFiles() {
	for _, fs := range f.outputs.Load().lineFiles() {
		if err := fs.flush(); err != nil && fs.mayTell(time.Now()) {
			f.log.Error("rows could not be written; packets are decided and traced all the same", "error", err)
		}
	}
}

// tallies are what became of rows in files, by table, in this process.
func (f *Firewall) tallies() []tally {
	f.opened.Lock()
	defer f.opened.Unlock()
	var sum []tally
	for _, t := range logs.Tables() {
		all := tally{table: t.Name}
		for _, fs := range f.opened.files {
			one := fs.tally(t)
			all.written, all.lost = all.written+one.written, all.lost+one.lost
		}
		sum = append(sum, all)
	}
	return sum
}

func (f *Firewall) closeOutputs() error {
	f.opened.Lock()
	defer f.opened.Unlock()
	var errs []error
	for _, fs := range f.opened.files {
		errs = append(errs, fs.close())
	}
	if f.spool() != nil {
		errs = append(errs, f.spool().Close())
	}
	return errors.Join(errs...)
}
