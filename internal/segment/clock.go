package segment

import "time"

// clock is what a folder believes of the host's clock. A host that comes up with one
// that is years ahead, as before NTP has set it, must not find that all is too old:
// nor may the rows that it writes meanwhile be the proof that it is late.
type clock struct {
	// anchor is the time that was believed when the folder was opened; zero where
	// there was nothing in it that a clock could empty.
	anchor time.Time
	// elapsed is how long it has been open, whatever the clock was set to.
	elapsed func() time.Duration
}

const (
	// ahead is how much later than the anchor, and than the newest row, the clock
	// is believed to be: hosts are switched off for a while.
	ahead = 24 * time.Hour
	// catchUp is how much faster than time it may run until it has caught up with
	// a clock that says more. So a host that was off for a month is right again
	// after two, and one whose clock is wrong keeps rows for half as long at worst.
	catchUp = 2
	// rememberEvery is how far the clock goes on before that is written down.
	rememberEvery = time.Hour
)

// startClock finds the anchor: what was written down, or the newest row that is not
// of the future.
func (f *Folder) startClock() {
	opened := time.Now()
	f.clock = clock{elapsed: func() time.Duration { return time.Since(opened) }, anchor: f.state.clock}
	if !f.clock.anchor.IsZero() {
		return
	}
	var newest time.Time
	for _, i := range f.state.segments {
		if i.To.After(newest) {
			newest = i.To
		}
		if i.To.After(f.clock.anchor) && !i.To.After(f.now().Add(ahead)) {
			f.clock.anchor = i.To
		}
	}
	if f.clock.anchor.IsZero() {
		f.clock.anchor = newest
	}
}

// latest is the latest time that there can be, before what is ahead.
func (c clock) latest() time.Time { return c.anchor.Add(catchUp * c.elapsed()) }

// believe is the time from which ages count: now, or a day after the newest row of
// all tables, or a day after what was believed before and the time since, whichever
// is earliest. Of those rows one more is that of a time that may be zero.
func (f *Folder) believe(now, newest time.Time) time.Time {
	for _, infos := range f.current.tables {
		if len(infos) > 0 && infos[0].To.After(newest) {
			newest = infos[0].To
		}
	}
	if latest := newest.Add(ahead); !newest.IsZero() && now.After(latest) {
		now = latest
	}
	if latest := f.clock.latest().Add(ahead); !f.clock.anchor.IsZero() && now.After(latest) {
		now = latest
	}
	return now
}

// remember is what is to be written down of the clock; zero for nothing. It does not
// go back: one that is behind has emptied no table yet.
func (f *Folder) remember(now time.Time) time.Time {
	switch latest := f.clock.latest(); {
	case f.clock.anchor.IsZero() && f.clock.elapsed() < ahead:
		return time.Time{} // nothing speaks for it yet
	case !f.clock.anchor.IsZero() && now.After(latest):
		now = latest
	}
	if now.Before(f.state.clock.Add(rememberEvery)) {
		return time.Time{}
	}
	return now.UTC()
}

// soonest is the earliest that it can be now, by a clock that may have been set back.
func (f *Folder) soonest(now time.Time) time.Time {
	for _, t := range []time.Time{f.state.clock, f.clock.latest()} {
		if t.After(now) {
			now = t
		}
	}
	return now
}

// takenAt is when a segment came, where that is more than a day after its rows' times;
// zero otherwise. A firewall whose clock is not set yet writes rows of 1970, and they are
// to be kept like others.
func (f *Folder) takenAt(i *Info) time.Time {
	now := f.believe(f.now(), i.To)
	if now.Sub(i.To) <= ahead {
		return time.Time{}
	}
	return now.UTC().Truncate(time.Microsecond)
}
