package capture

import (
	"time"

	"golang.org/x/sys/unix"
)

// Unreadable is events that earlier programs recorded or earlier processes read,
// and that nobody can read any more.
type Unreadable struct {
	// Count is how many, at most: a few may have been seen by the program of this
	// process too. 0 where nobody knows: an earlier process may have told them.
	Count uint64
	// From and To bound when they happened; From is zero where unknown.
	From, To time.Time
	Reason   string
	// Earlier says that they are what an earlier boot of the host had read last: what
	// Resume handed out of it with a mark had been reached before.
	Earlier bool
}

// Unreadable are those that Resume found.
func (r *Recorder) Unreadable() []Unreadable { return r.unreadable }

// findUnjournaled looks for events that left the rings and that the journal does
// not have: none leaves them that was not written there before. A torn end, as a
// killed process leaves it, loses none, nor does a damaged segment behind which
// another one begins.
func (r *Recorder) findUnjournaled(c *recaller) {
	ours := c.boot.boot == r.decoder.boot
	lost, bounded, from := false, ours, int64(0)
	for _, ring := range r.rings() {
		journaled := uint64(0)
		if ours && c.begun {
			journaled = c.positions[ring.id]
		}
		if ring.position() <= journaled {
			continue
		}
		newest, some := c.newest[ring.id]
		if bounded = bounded && some; !lost || newest < from {
			from = newest
		}
		lost = true
	}
	if !lost {
		if !ours && (r.config.Journal.Damaged() || len(c.doubts) > 0 && !c.begun) {
			r.missEarlierBoot()
		}
		return
	}
	u := Unreadable{To: time.Now().UTC(), Reason: "an earlier process had read them, and its journal cannot be read"}
	if bounded {
		u.From = c.boot.clock.at(from)
	}
	r.unreadable = append(r.unreadable, u)
}

// missEarlierBoot is for a journal that another boot of the host has left, with an
// end that cannot be read. The rings of that time are gone with it, so nothing else
// tells what stood there: the host has crashed, and not all was on its disk; or the
// record that a killed process had begun to write of events that it had not taken.
func (r *Recorder) missEarlierBoot() {
	r.unreadable = append(r.unreadable, Unreadable{To: bootTime(), Earlier: true,
		Reason: "the host has begun anew, and the end of the journal from before cannot be read"})
}

// bootTime is when the host began.
func bootTime() time.Time {
	var since unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &since) // it exists on every Linux
	return time.Now().Add(-time.Duration(since.Nano())).UTC()
}

// saw notes the newest event that the journal has of a ring.
func (c *recaller) saw(g *region) {
	for _, sample := range g.samples() {
		c.newest[g.ring] = max(c.newest[g.ring], int64(timeOf(sample)))
	}
}

// findUnknown counts what waits in rings of layouts that are not known here: the
// kernel frames records, whatever they are. Our own program sees what comes from
// now on.
func (r *Recorder) findUnknown() error {
	for _, s := range r.old {
		if s.layout.known() {
			continue
		}
		waiting := uint64(0)
		for _, ring := range s.rings {
			g, err := ring.peek(everything)
			if err != nil {
				return err
			}
			for range g.samples() {
				waiting++
			}
		}
		if waiting > 0 {
			r.unreadable = append(r.unreadable, Unreadable{Count: waiting, To: time.Now().UTC(),
				Reason: "a program had recorded them whose layout is not known here"})
		}
	}
	return nil
}

// carryUnknown keeps the counters of a program whose layout is not known here: what
// its rings had no room for is told all the same.
func (s *set) carryUnknown(to *set) error {
	t, err := s.tally()
	if err != nil {
		return nil // they are not as they were in any layout so far
	}
	return to.carry(t)
}
