package diagnose

import (
	"cmp"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Attempt is one incarnation of a 5-tuple with the rows of all firewalls.
type Attempt struct {
	// ID is the connection's; empty where no packet told it.
	ID          string
	First, Last time.Time
	// Rows are sorted by time, then firewall, each with its client as source.
	Rows []flow.Connection
}

// slack is how far the clocks of two firewalls may be apart when rows without
// an id are put together by their time.
const slack = time.Minute

// Attempts puts together the rows that concern the question, oldest attempt
// first. The order of the rows does not matter.
func Attempts(q Question, rows []flow.Connection, known []Translation) []Attempt {
	rows = newest(rows)
	slices.SortFunc(rows, compareRows)
	g := grouping{byID: map[string]int{}, byTuple: map[flow.Tuple][]int{}}
	for i := range rows {
		if rows[i].ID != "" {
			g.join(rows[i])
		}
	}
	for i := range rows {
		if rows[i].ID == "" {
			g.join(rows[i])
		}
	}
	attempts := g.attempts
	attempts = linkTranslated(attempts, known)
	attempts = slices.DeleteFunc(attempts, func(a Attempt) bool { return !a.concerns(q) })
	for i := range attempts {
		slices.SortFunc(attempts[i].Rows, compareRows)
	}
	slices.SortStableFunc(attempts, func(a, b Attempt) int {
		return cmp.Or(a.First.Compare(b.First), a.Last.Compare(b.Last), cmp.Compare(a.ID, b.ID))
	})
	return attempts
}

// grouping puts rows into attempts: by id, and rows without one by their
// endpoints, in either orientation, and time.
type grouping struct {
	attempts []Attempt
	byID     map[string]int
	byTuple  map[flow.Tuple][]int // undirected
}

// join adds the row to its attempt, or begins one. Rows with ids come first.
func (g *grouping) join(row flow.Connection) {
	key := row.Tuple.Undirected()
	if i, ok := g.byID[row.ID]; ok {
		g.attempts[i].add(row)
		return
	}
	if row.ID == "" {
		same := g.byTuple[key]
		for n := len(same) - 1; n >= 0; n-- { // the latest that fits
			if a := &g.attempts[same[n]]; a.overlaps(row.First, row.Last) && !a.elsewhere(&row) {
				a.add(row)
				return
			}
		}
	} else {
		g.byID[row.ID] = len(g.attempts)
	}
	g.byTuple[key] = append(g.byTuple[key], len(g.attempts))
	g.attempts = append(g.attempts, Attempt{ID: row.ID, First: row.First, Last: row.Last, Rows: []flow.Connection{row}})
}

func (a *Attempt) overlaps(first, last time.Time) bool {
	return !first.After(a.Last.Add(slack)) && !a.First.After(last.Add(slack))
}

// elsewhere reports whether the row's firewall saw the attempt in another of its
// zones, where others have the same addresses. 0 may also be one that is not known.
func (a *Attempt) elsewhere(row *flow.Connection) bool {
	return slices.ContainsFunc(a.Rows, func(r flow.Connection) bool {
		return r.Firewall == row.Firewall && r.Zone != row.Zone && r.Zone != 0 && row.Zone != 0
	})
}

func (a *Attempt) add(row flow.Connection) {
	if row.Tuple == a.Rows[0].Tuple.Reverse() {
		row = turned(row)
	}
	a.Rows = append(a.Rows, row)
	if row.First.Before(a.First) {
		a.First = row.First
	}
	if row.Last.After(a.Last) {
		a.Last = row.Last
	}
}

// concerns reports whether the question is about the attempt, and turns rows
// whose orientation is only a guess.
func (a *Attempt) concerns(q Question) bool {
	for i := range a.Rows {
		row := &a.Rows[i]
		if q.matches(row.Tuple) || row.Translated.IsValid() && q.matches(row.Translated) {
			return true
		}
		if q.matches(row.Tuple.Reverse()) && slices.Contains(row.Verdict.Doubts, flow.MidStream) {
			for j := range a.Rows {
				a.Rows[j] = turned(a.Rows[j])
			}
			return true
		}
	}
	return false
}
