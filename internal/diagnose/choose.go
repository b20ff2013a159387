package diagnose

import (
	"cmp"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// newest keeps the highest update of each row.
func newest(rows []flow.Connection) []flow.Connection {
	type name struct {
		firewall string
		tuple    flow.Tuple
		first    int64
	}
	place := make(map[name]int, len(rows))
	var kept []flow.Connection
	for _, row := range rows {
		n := name{row.Firewall, row.Tuple, row.First.UnixNano()}
		i, ok := place[n]
		switch {
		case !ok:
			place[n] = len(kept)
			kept = append(kept, row)
		case row.Update > kept[i].Update:
			kept[i] = row
		}
	}
	return kept
}

func compareRows(a, b flow.Connection) int {
	return cmp.Or(a.First.Compare(b.First), strings.Compare(a.Firewall, b.Firewall),
		compareTuples(a.Tuple, b.Tuple), a.Last.Compare(b.Last), strings.Compare(a.ID, b.ID))
}

func compareTuples(a, b flow.Tuple) int {
	return cmp.Or(cmp.Compare(a.Protocol, b.Protocol), a.Source.Compare(b.Source), a.Dest.Compare(b.Dest))
}

// Farthest is how far an attempt may be from the time that is asked for: what a
// connection of another week was like says nothing about that one.
const Farthest = 2 * 24 * time.Hour

// choose picks the attempt of the time that is asked for, or the newest.
func choose(q Question, attempts []Attempt) (int, bool) {
	if len(attempts) == 0 {
		return 0, false
	}
	best := len(attempts) - 1
	if q.At.IsZero() {
		return best, true
	}
	for i := range attempts {
		if attempts[i].distance(q.At) <= attempts[best].distance(q.At) {
			best = i
		}
	}
	if attempts[best].distance(q.At) > Farthest {
		return 0, false
	}
	return best, true
}

// distance is how far a moment is from the attempt; 0 while it lasted.
func (a *Attempt) distance(at time.Time) time.Duration {
	switch {
	case at.Before(a.First):
		return a.First.Sub(at)
	case at.After(a.Last):
		return at.Sub(a.Last)
	}
	return 0
}
