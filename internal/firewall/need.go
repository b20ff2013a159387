package firewall

import (
	"cmp"
	"time"

	"github.com/sekisho/sekisho/internal/journal"
)

// Parts of the journal, in sixteenths. It is forgotten by the segment, which is
// two. Rows of segments that are not closed follow from it, so it must reach back
// to the note that the first of them begins with; in a flood further, to a note
// with which nothing waited to be told together.
const (
	foldPart       = 4  // all that waits is told when so much has come since nothing waited
	generationPart = 2  // another generation begins
	holdPart       = 11 // nothing more is read. One turn of reading, with the head of a segment, is not more than three.
	tightPart      = 14 // nothing is noted either, unless segments are closed by it
)

// patience is how long nothing is read for segments that are not closed.
const patience = 10 * time.Second

// need is what of the journal a process would need that comes after this one.
type need struct {
	clean     journal.Spot // of the last note with which nothing waited
	begun     []begun      // generations of segments that may not be closed
	reached   int64        // by the notes: what happened before, in ns since 1970, has been taken
	heldSince time.Time    // nothing is read since, because of them
	tight     bool         // nothing more is to be noted
}

// begun is where in the journal a generation begins.
type begun struct {
	generation uint64
	at, from   journal.Spot // of its first note, and of the one that its rows follow from
}

// part is so many sixteenths of the journal.
func (c *CaptureConfig) part(sixteenths int64) int64 {
	return cmp.Or(c.JournalBytes, journal.DefaultKeepBytes) / 16 * sixteenths
}

// batchBytes is how much of a ring is read at once where the journal is small: so
// much that what is read in one turn, and what waits then, is little of it. 0 is
// the recorder's own measure.
func (c *CaptureConfig) batchBytes() int { return int(min(c.JournalBytes/64, 256<<10)) }

// reach goes to the place of a batch, in the journal and among the segments.
func (f *Firewall) reach(m mark) {
	n := &f.need
	n.reached = max(n.reached, m.Moment.Reached)
	if len(m.Moment.Untold) == 0 {
		n.clean = m.At
	}
	f.placed = f.spool() != nil && f.spool().Reach(m.Place)
	if last := len(n.begun) - 1; f.placed && (last < 0 || n.begun[last].generation < m.Place.Generation) {
		n.begun = append(n.begun, begun{m.Place.Generation, m.At, n.clean})
	}
}

// since is how much of the journal has come since a spot.
func (f *Firewall) since(spot journal.Spot) int64 {
	if f.journal == nil {
		return 0
	}
	return f.journal.Since(spot)
}

// foldsForLong reports whether it is time to tell all that waits.
func (f *Firewall) foldsForLong() bool {
	return f.fold.waits() && f.since(f.need.clean) > f.config.Capture.part(foldPart)
}

// openForLong reports whether the rows of the open generation take so much of the
// journal that it is time for another one.
func (f *Firewall) openForLong() bool {
	last := len(f.need.begun) - 1
	return last >= 0 && f.since(f.need.begun[last].at) > f.config.Capture.part(generationPart)
}

// hold reports whether nothing is to be read from the rings, because the journal
// would forget what is in no segment yet: a process that is killed then could not
// be followed by one that makes the same segments. Where segments cannot be
// written it does not hold, and not for ever where a disk hangs: then a kill may
// lose rows, and that is told.
func (f *Firewall) hold() bool {
	s, n := f.spool(), &f.need
	n.tight = false
	if s == nil || f.journal == nil {
		return false
	}
	n.forget(s.Closed())
	bytes := n.bytes(f.journal)
	if bytes <= f.config.Capture.part(holdPart) || s.Failure() != nil {
		return false
	}
	if n.heldSince.IsZero() {
		n.heldSince = time.Now()
	}
	if time.Since(n.heldSince) >= patience {
		return false
	}
	n.tight = len(n.begun) > 1 && bytes > f.config.Capture.part(tightPart)
	return true
}

// forget forgets generations that are closed.
func (n *need) forget(closed uint64) {
	for len(n.begun) > 0 && n.begun[0].generation <= closed {
		n.begun, n.heldSince = n.begun[1:], time.Time{}
	}
}

// bytes is how much of the journal must not be forgotten: whole segments.
func (n *need) bytes(j *journal.Journal) int64 {
	if len(n.begun) == 0 {
		return 0
	}
	return j.Since(journal.Spot{Segment: n.begun[0].from.Segment})
}

// due reports whether a batch without events is wanted: something waits, and it
// is time.
func (f *Firewall) due(reached time.Time) bool {
	if f.need.tight {
		return false
	}
	now := time.Now()
	if f.diagnostics.changed() || f.spool() != nil && (f.openForLong() || f.spool().Due(now)) {
		return true
	}
	return f.ending() && f.fold.waits() || f.fold.due(reached) || f.ignored.due(now)
}
