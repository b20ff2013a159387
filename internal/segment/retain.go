package segment

import (
	"fmt"
	"slices"
	"time"
)

// Policy says what is kept.
type Policy struct {
	// Tables have limits of their own; others have Default's.
	Tables  map[string]Limit
	Default Limit
}

// Limit bounds what is kept of one table; 0 is no bound.
type Limit struct {
	// Age is how old the rows of a segment get: it goes when the newest of
	// them is older.
	Age time.Duration
	// Bytes is how much all segments take together: the oldest go first.
	Bytes int64
}

func (p Policy) of(table string) Limit {
	if l, ok := p.Tables[table]; ok {
		return l
	}
	return p.Default
}

// ahead is how much later than the newest row the clock is believed to be.
const ahead = 24 * time.Hour

// Retain drops segments that are older than the policy says, and then the oldest
// of tables that take more room than it says. It returns how many it dropped;
// their files are deleted by Merge, when nobody reads them any more.
//
// Ages are those of rows, seen from now; or, where that is earlier, from a day
// after the newest row of all tables. So a clock that jumps ahead by years costs
// a day at most and not all that is kept, and a firewall whose rows come from
// the future changes nothing; while no rows come at all, nothing gets older than
// a day.
func (f *Folder) Retain(now time.Time, p Policy) (dropped int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock == nil {
		return 0, fmt.Errorf("drop old segments: %w", ErrReadOnly)
	}
	now = f.believe(now)
	var r record
	for table, infos := range f.current.tables {
		r.Remove = append(r.Remove, p.of(table).beyond(infos, now)...)
	}
	r.Forget = f.forgettable(now, p)
	if len(r.Remove)+len(r.Forget) == 0 {
		return 0, nil
	}
	slices.Sort(r.Remove)
	if err := f.change(r, nil); err != nil {
		return 0, fmt.Errorf("drop old segments: %w", err)
	}
	return len(r.Remove), nil
}

// believe is the time from which ages count.
func (f *Folder) believe(now time.Time) time.Time {
	var newest time.Time
	for _, infos := range f.current.tables {
		if len(infos) > 0 && infos[0].To.After(newest) {
			newest = infos[0].To
		}
	}
	if latest := newest.Add(ahead); !newest.IsZero() && now.After(latest) {
		return latest
	}
	return now
}

// beyond are the names of those segments that a limit does not allow. The
// newest come first in infos.
func (l Limit) beyond(infos []*Info, now time.Time) (names []string) {
	var bytes int64
	for _, i := range infos {
		bytes += i.Bytes
		if l.Age > 0 && now.Sub(i.To) > l.Age || l.Bytes > 0 && bytes > l.Bytes {
			names = append(names, i.Name.String())
		}
	}
	return names
}

// forgettable are the sources whose newest rows are older than is kept: what
// they deliver once more is dropped for its age.
func (f *Folder) forgettable(now time.Time, p Policy) (from []source) {
	for s, newest := range f.state.newest {
		if age := p.of(s.Table).Age; age > 0 && s.Firewall != "" && now.Sub(newest) > age {
			from = append(from, s)
		}
	}
	return from
}
