package firewall

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/settings"
)

// diagnostics are the settings that say which rows go where. Others are in force
// from a batch of events on, so that each row is sent by one list of them.
type diagnostics struct {
	mu       sync.Mutex
	list     []settings.Setting
	revision int      // of the list; 0 is what the configuration says
	next     *outputs // in force with the next batch
	why      string   // there are others
	taken    chan struct{}
}

// changed reports whether other settings wait for a batch.
func (d *diagnostics) changed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.next != nil
}

func (c *Config) settingsFile() string {
	return cmp.Or(c.SettingsFile, filepath.Join("/var/lib/sekisho", c.ID(), "settings.json"))
}

// defaultSettings are those where nobody has set any.
func (c *Config) defaultSettings() []settings.Setting {
	s := settings.Setting{Name: "default", Directory: c.Logs.Directory, Workspace: c.Logs.Workspace}
	if s.Directory == "" && !s.Workspace {
		return nil
	}
	if s.Directory != "" {
		s.Directory, _ = filepath.Abs(s.Directory)
	}
	return []settings.Setting{s}
}

// openSettings reads the settings and opens what they need.
func (f *Firewall) openSettings() error {
	d := &f.diagnostics
	kept, err := readSettings(f.config.settingsFile())
	if err != nil {
		return err
	}
	d.list = f.config.defaultSettings()
	if kept != nil {
		d.list, d.revision = kept.Settings, kept.Revision
	}
	// Those that ended meanwhile are ended with a revision of their own.
	o, err := f.outputsOf(d.revision, settings.NewRouter(d.list, time.Time{}))
	if err != nil {
		return err
	}
	f.outputs.Store(o)
	return f.keepHistory(d.revision, d.list)
}

// outputsThen are those of a revision that an earlier process had.
func (f *Firewall) outputsThen(revision int) *outputs {
	now := f.outputs.Load()
	if revision == now.revision {
		return now
	}
	list := f.config.defaultSettings()
	if revision != 0 {
		kept, err := readSettings(f.historyFile(revision))
		if err != nil || kept == nil {
			f.log.Warn("earlier settings are not known any more", "revision", revision, "error", err)
			return now
		}
		list = kept.Settings
	}
	then, err := f.outputsOf(revision, settings.NewRouter(list, time.Time{}))
	if err != nil {
		f.log.Warn("where earlier settings sent rows cannot be opened", "revision", revision, "error", err)
		return now
	}
	return then
}

// keptSettings is the file of the settings.
type keptSettings struct {
	Revision int                `json:"revision"`
	Settings []settings.Setting `json:"settings"`
}

// keptRevisions is how many lists are known to a process that reads a journal.
const keptRevisions = 64

func (f *Firewall) historyFile(revision int) string {
	return filepath.Join(f.config.stateFolder(), fmt.Sprintf("settings-%d.json", revision))
}

// keepHistory keeps a list for processes that come after this one: what is in
// the journal was sent by it.
func (f *Firewall) keepHistory(revision int, list []settings.Setting) error {
	if revision == 0 {
		return nil
	}
	_ = os.Remove(f.historyFile(revision - keptRevisions))
	return writeSettings(f.historyFile(revision), keptSettings{revision, list})
}
