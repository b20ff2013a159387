package firewall

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/metrics"
	"github.com/sekisho/sekisho/internal/tracker"
)

// ToldConnections returns the newest rows about connections that keep accepts,
// oldest first, at most max (all if max is negative): of each connection the
// last one; of one that has not ended, what it is now.
func (f *Firewall) ToldConnections(max int, keep func(*flow.Connection) bool) []flow.Connection {
	f.yields.hurry()
	c := f.connections
	c.mu.Lock()
	defer c.mu.Unlock()
	type name struct {
		tuple flow.Tuple
		first time.Time
	}
	seen := map[name]bool{}
	var out []flow.Connection
	for row := range c.told.newest() {
		if max >= 0 && len(out) >= max {
			break
		}
		n := name{row.Tuple, row.First}
		if seen[n] {
			continue
		}
		seen[n] = true
		if now, known := c.tracker.Now(row.Tuple, row.First); known && row.End == flow.EndNone {
			row = now // it was told while it hung, and may have moved
		}
		if keep(&row) {
			out = append(out, row)
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// OpenConnections returns connections that have not ended and that keep
// accepts, as they are now, those with the newest events first, at most max.
func (f *Firewall) OpenConnections(max int, keep func(*flow.Connection) bool) (out []flow.Connection) {
	if max <= 0 {
		return nil
	}
	c := f.connections
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tracker.Open(func(row *flow.Connection) bool {
		if keep(row) {
			out = append(out, *row)
		}
		return len(out) < max
	})
	return out
}

// ConnectionStats counts connections.
func (f *Firewall) ConnectionStats() tracker.Stats {
	f.connections.mu.Lock()
	defer f.connections.mu.Unlock()
	return f.connections.tracker.Stats()
}

func (f *Firewall) measureConnections(s *metrics.Snapshot) {
	c := f.ConnectionStats()
	s.Connections = c.Known
	s.Connection = metrics.Connections{Open: c.Open, Outcomes: c.Outcomes, Rows: c.Told, Corrected: c.Corrected,
		Folded: c.Folded, Evicted: c.Evicted}
	s.Connection.Ends = f.ends.heard()
}

// Source is what every row of this firewall carries. It does not change.
func (f *Firewall) Source() *logs.Source { return f.source }
