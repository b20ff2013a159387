package workspace

import (
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/store"
)

// seen is what was counted since the workspace started.
type seen struct {
	segments, rows int64
	again          int64 // segments that came a second time
	setAside       int64
	waiting        int
	stuck          error // why no segment can be taken; nil where they can
	toldStuck      time.Time
	// refused are files that cannot be taken, which keep no others back, with why.
	refused    map[string]untaken
	merged     int64
	removed    int64
	tendFailed error
	lostFailed error
	// firewalls are those that are known: that delivered, or that an older
	// heartbeat tells of.
	firewalls map[store.Source]*delivered
}

// delivered is what one firewall delivered.
type delivered struct {
	last           time.Time // when; zero where not since the workspace started
	newest         time.Time // TimeGenerated; zero where unknown
	segments, rows int64     // since the last heartbeat
}

func newSeen() seen { return seen{firewalls: map[store.Source]*delivered{}} }

// of is what is known of a firewall.
func (s *seen) of(source store.Source) *delivered {
	d, ok := s.firewalls[source]
	if !ok {
		d = &delivered{}
		s.firewalls[source] = d
	}
	return d
}

// count counts a segment that was taken.
func (s *seen) count(g store.Segment, now time.Time) {
	s.segments++
	s.rows += g.Rows
	if g.Source == (store.Source{}) {
		return
	}
	d := s.of(g.Source)
	d.last = now
	if g.To.After(d.newest) {
		d.newest = g.To
	}
	d.segments++
	d.rows += g.Rows
}

// note changes what was counted.
func (w *Workspace) note(f func(*seen)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.seen)
}

// Status is what the workspace is and does.
type Status struct {
	Name    string    `json:"name"`
	ID      string    `json:"id"`
	Folder  string    `json:"folder"`
	Spools  []string  `json:"spools"`
	Started time.Time `json:"started"`
	// Segments and Rows were taken since it started, Again came a second time.
	Segments int64 `json:"segments"`
	Rows     int64 `json:"rows"`
	Again    int64 `json:"again"`
	// SetAside could not be read. Waiting are in their spool folders, all because
	// of Stuck, or some that cannot be taken.
	SetAside int64  `json:"setAside"`
	Waiting  int    `json:"waiting"`
	Stuck    string `json:"stuck,omitempty"`
	// Merged became part of larger ones, Removed were too old or too many.
	Merged     int64  `json:"merged"`
	Removed    int64  `json:"removed"`
	TendFailed string `json:"tendFailed,omitempty"`
	// QueriesRunning and QueriesWaiting are now; QueriesRefused were too many
	// since it started.
	QueriesRunning int   `json:"queriesRunning"`
	QueriesWaiting int64 `json:"queriesWaiting"`
	QueriesRefused int64 `json:"queriesRefused"`
	// Firewalls are the names of those that are known.
	Firewalls []string `json:"firewalls"`
}

// Status tells what the workspace is and did.
func (w *Workspace) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := Status{Name: w.cfg.Name, ID: w.id, Folder: w.cfg.Folder, Spools: w.cfg.Spools, Started: w.started,
		Segments: w.seen.segments, Rows: w.seen.rows, Again: w.seen.again, SetAside: w.seen.setAside,
		Waiting: w.seen.waiting, Stuck: textOf(w.seen.stuck), Merged: w.seen.merged, Removed: w.seen.removed,
		TendFailed: textOf(w.seen.tendFailed), Firewalls: []string{},
		QueriesRunning: len(w.turns.running), QueriesWaiting: w.turns.waiting.Load(), QueriesRefused: w.turns.refused.Load()}
	for source := range w.seen.firewalls {
		s.Firewalls = append(s.Firewalls, source.Firewall)
	}
	slices.Sort(s.Firewalls)
	return s
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
