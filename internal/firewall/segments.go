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

// heldRows is how many rows wait for a spool that cannot be written to; 0 is the
// spool's own default, which tests would fill for minutes.
var heldRows int

// openSpool opens the spool when it is needed for the first time.
func (f *Firewall) openSpool() error {
	if f.spool() != nil {
		return nil
	}
	s, err := spool.Open(spool.Options{Folder: f.config.spoolFolder(), State: filepath.Join(f.config.stateFolder(), "spool"),
		Firewall: f.config.ID(), Bytes: f.config.Logs.Spool.Bytes, Every: f.config.Logs.Spool.every(), Held: heldRows, Group: groupID(workspaceGroup), Bind: f.giveWay, Log: f.log})
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

// SpoolFolder is the folder with segments for a workspace, as the file and the settings
// say that are kept; empty where no setting sends rows to one.
func (c *Config) SpoolFolder() (string, error) {
	list := c.defaultSettings()
	kept, err := readSettings(c.settingsFile())
	if err != nil {
		return "", err
	}
	if kept != nil {
		list = kept.Settings
	}
	for _, s := range list {
		if s.Workspace {
			return filepath.Abs(c.spoolFolder())
		}
	}
	return "", nil
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
	f.yields.hurry()
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
	o := f.outputsThen(mark.Settings)
	f.reach(mark)
	rules := f.rulesOf(b.Events)
	f.connections.replay(b.Events, rules)
	f.again(f.told(b.Events, rules, mark.Moment), o)
	f.addSegments()
}
