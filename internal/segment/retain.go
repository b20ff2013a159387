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

// Retain drops segments that are older than the policy says, and then the oldest
// of tables that take more room than it says. It returns how many it dropped;
// their files are deleted by Merge, when nobody reads them any more. Merge makes
// no file from now on that is large beside what the policy allows.
//
// Ages are those of rows, seen from now as far as that is believed: see
// [Folder.believe]. So a clock that is wrong by years costs a day at most and not
// all that is kept. Rows that come late count from when they came.
func (f *Folder) Retain(now time.Time, p Policy) (dropped int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock == nil {
		return 0, fmt.Errorf("drop old segments: %w", ErrReadOnly)
	}
	f.policy = p
	r := record{Clock: f.remember(now)}
	soonest := f.soonest(now)
	now = f.believe(now, time.Time{})
	for table, infos := range f.current.tables {
		r.Remove = append(r.Remove, p.of(table).beyond(infos, now, soonest)...)
	}
	r.Forget = f.forgettable(now, p)
	if len(r.Remove)+len(r.Forget) == 0 && r.Clock.IsZero() {
		return 0, nil
	}
	slices.Sort(r.Remove)
	if err := f.change(r, nil); err != nil {
		return 0, fmt.Errorf("drop old segments: %w", err)
	}
	return len(r.Remove), nil
}

// beyond are the names of those segments that a limit does not allow, by the time from
// which ages count and the one after which there can be no rows.
func (l Limit) beyond(infos []*Info, now, soonest time.Time) (names []string) {
	var bytes int64
	for _, i := range youngestFirst(infos, soonest) {
		bytes += i.Bytes
		if l.Age > 0 && now.Sub(i.counted()) > l.Age || l.Bytes > 0 && bytes > l.Bytes {
			names = append(names, i.Name.String())
		}
	}
	return names
}

// youngestFirst is the order in which segments find room. Those of the future, of
// a firewall whose clock is wrong, come last: they must not keep all others out.
func youngestFirst(infos []*Info, now time.Time) []*Info {
	infos = slices.Clone(infos)
	at := func(i *Info) time.Time {
		if t := i.counted(); !t.After(now.Add(ahead)) {
			return t
		}
		return time.Time{}
	}
	slices.SortStableFunc(infos, func(a, b *Info) int { return at(b).Compare(at(a)) })
	return infos
}

// counted is the time from which a segment's age counts.
func (i *Info) counted() time.Time {
	if i.Taken.IsZero() {
		return i.To
	}
	return i.Taken
}

// mergedShare is the part of a table's room that one merged file has at most:
// what is over the limit goes file by file.
const mergedShare = 10

// largest is how large a merged file of a table may be; 0 is no bound.
func (p Policy) largest(table string) int64 { return p.of(table).Bytes / mergedShare }

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
