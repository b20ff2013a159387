package firewall

import (
	"context"
	"errors"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/spool"
)

// spoolRoot holds a folder of segments for each firewall.
const spoolRoot = "/var/spool/sekisho"

// workspaceGroup takes the segments away, where there is one.
const workspaceGroup = "sekisho"

// spool is nil until some setting sends rows to a workspace.
func (f *Firewall) spool() *spool.Spool { return f.segments.Load() }

// openSpool opens the spool when it is needed for the first time.
func (f *Firewall) openSpool() error {
	if f.spool() != nil {
		return nil
	}
	s, err := spool.Open(spool.Options{Folder: f.config.spoolFolder(), State: filepath.Join(f.config.stateFolder(), "spool"),
		Firewall: f.config.ID(), Bytes: f.config.Logs.Spool.Bytes, Every: f.config.Logs.Spool.every(), Group: groupID(workspaceGroup), Log: f.log})
	if err == nil {
		f.segments.Store(s)
	}
	return err
}

// groupID is -1 where there is no such group.
func groupID(name string) int {
	g, err := user.LookupGroup(name)
	if err != nil {
		return -1
	}
	id, err := strconv.Atoi(g.Gid)
	if err != nil {
		return -1
	}
	return id
}

// every is 0 where it is not given.
func (c *SpoolConfig) every() time.Duration {
	d, _ := time.ParseDuration(c.Every) // it was checked
	return d
}

func (c *Config) spoolFolder() string {
	if c.Logs.Spool.Folder != "" {
		return c.Logs.Spool.Folder
	}
	return filepath.Join(spoolRoot, c.ID())
}

// begun is where in the journal the rows of a generation begin.
type begun struct {
	generation uint64
	at         int64
}

// reach goes to the place of a batch among the segments.
func (f *Firewall) reach(p spool.Place) {
	f.placed = f.spool() != nil && f.spool().Reach(p)
	if n := len(f.begun); f.placed && (n == 0 || f.begun[n-1].generation < p.Generation) {
		f.begun = append(f.begun, begun{p.Generation, f.clockwork.total})
	}
}

// openForLong reports whether the rows that are in no segment take so much of
// the journal that it is time to close them.
func (f *Firewall) openForLong() bool {
	n := len(f.begun)
	return n > 0 && f.clockwork.total-f.begun[n-1].at > f.config.Capture.foldBytes()/2
}

// batchBytes is how much of a ring is read at once where the journal is small: what
// is read before it is known that nothing more must be is a part of what the
// journal has room for. 0 is the recorder's own measure.
func (c *CaptureConfig) batchBytes() int {
	if c.JournalBytes == 0 {
		return 0
	}
	return int(min(c.JournalBytes/32, 256<<10))
}

// patience is how long nothing is read for segments that are not closed.
const patience = 10 * time.Second

// hold reports whether nothing is to be read from the rings, because the journal
// would forget what is in no segment yet: a process that is killed then could not
// be followed by one that makes the same segments. Where segments cannot be
// written it does not hold, and not for ever where a disk hangs: then a kill may
// lose rows, and that is told.
func (f *Firewall) hold() bool {
	s := f.spool()
	if s == nil || f.journal == nil {
		return false
	}
	closed, before := s.Closed(), len(f.begun)
	for len(f.begun) > 0 && f.begun[0].generation <= closed {
		f.begun = f.begun[1:]
	}
	if len(f.begun) < before {
		f.heldSince = time.Time{}
	}
	if len(f.begun) == 0 || f.clockwork.total-f.begun[0].at <= f.config.Capture.foldBytes() || s.Failure() != nil {
		return false
	}
	if f.heldSince.IsZero() {
		f.heldSince = time.Now()
	}
	return time.Since(f.heldSince) < patience
}

// again makes the rows of a batch once more that an earlier process has taken,
// where their segments were not closed.
func (f *Firewall) again(list []telling, o *outputs) {
	if !f.placed || !o.spooled {
		return
	}
	for _, t := range list {
		entry := Entry{Event: t.event, Rows: f.maker.Rows(t.event, f.source, t.rule, t.fold)}
		about := entry.subject(t.fold.Count > 1)
		for i, fs := range o.files {
			if rows := o.pick(i, entry.Rows, &about); fs == nil && len(rows) > 0 {
				f.spooling = append(f.spooling, rows...)
			}
		}
	}
}

// keepRows adds rows for a workspace that follow from no event.
func (f *Firewall) keepRows(rows []logs.Row) {
	if len(rows) == 0 {
		return
	}
	if err := f.spool().Keep(rows); err != nil {
		f.log.Warn("rows would be lost if this process were killed now", "error", err)
	}
}

// dontTellAgain reads which connections a killed process has told after a mark.
func (f *Firewall) dontTellAgain(p spool.Place) {
	if f.spool() == nil || p.Generation == 0 {
		return
	}
	records, err := f.spool().KeptSince(p)
	if err != nil {
		f.log.Warn("some connections may be in the logs twice", "error", err)
	}
	f.toldBefore.note(records)
}

// Flush waits until every row that was made before is in a segment, so that a
// workspace sees it.
func (f *Firewall) Flush(ctx context.Context) error {
	if f.spool() == nil {
		return errors.New("no diagnostic setting sends rows to a workspace")
	}
	return f.spool().Flush(ctx)
}

// replay takes a batch that an earlier process delivered: its connections are
// known again, and what it had counted and not told. Its rows are made once more
// where their segments were not closed.
func (f *Firewall) replay(b capture.Recalled) {
	mark, err := readMark(b.Mark)
	if err != nil {
		f.log.Warn("some rows may be missing in segments", "error", err)
	}
	m := mark.Moment
	o := f.outputsThen(mark.Settings)
	f.reach(mark.Place)
	f.again(f.fold.begin(m), o)
	for i := range b.Events {
		e := &b.Events[i]
		rule := f.ruleOf(e)
		f.connections.replay(e, rule)
		f.again(f.fold.add(e, rule), o)
	}
	f.again(f.fold.end(m), o)
	f.addSegments()
	f.clockwork.journaled(b.Events, m)
}
