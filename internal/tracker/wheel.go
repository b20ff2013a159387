package tracker

import "time"

const (
	// wheelStep is how exact timers are.
	wheelStep = int64(250 * time.Millisecond)
	// wheelSlots is how many steps the wheel holds: 128 seconds. What is due
	// later goes around.
	wheelSlots = 512
)

// wheel has the timers of all entries, one each: setting and clearing one costs
// the same however many there are.
type wheel struct {
	slots [wheelSlots]list
	step  int64 // the last one that was reached
	n     int
}

func (w *wheel) init() {
	for i := range w.slots {
		w.slots[i].which = byTimer
	}
}

// set sets an entry's timer, which may be set already.
func (w *wheel) set(e *entry, due int64) {
	w.clear(e)
	e.due = due
	step := min(max(due/wheelStep+1, w.step+1), w.step+wheelSlots-1)
	e.slot = int16(step%wheelSlots) + 1
	w.slots[e.slot-1].push(e)
	w.n++
}

func (w *wheel) clear(e *entry) {
	if e.slot == 0 {
		return
	}
	w.slots[e.slot-1].remove(e)
	e.slot = 0
	w.n--
}

// advance fires what is due until now, in the order of its time. What it fires
// may set timers. It is told which may be the next one, nil for none, to fetch what
// is in no cache.
func (w *wheel) advance(now int64, fire func(e, next *entry)) {
	for last := now / wheelStep; w.step < last; {
		if w.n == 0 {
			w.step = last
			return
		}
		w.step++
		slot := &w.slots[w.step%wheelSlots]
		for n := slot.n; n > 0; n-- {
			e := slot.front
			if e == nil {
				break // the others of this slot went with one that was fired
			}
			if e.due >= w.step*wheelStep {
				w.set(e, e.due) // it goes around
				continue
			}
			next := e.links[byTimer].next
			w.clear(e)
			fire(e, next)
		}
	}
}
