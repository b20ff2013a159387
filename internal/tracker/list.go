package tracker

// An entry is in two lists at once: that of its class, and that of its timer.
const (
	byClass = iota
	byTimer
)

type links struct{ prev, next *entry }

// list is a chain of entries through one of their links, so that moving one
// allocates nothing.
type list struct {
	front, back *entry
	which, n    int
}

func (l *list) push(e *entry) {
	e.links[l.which] = links{prev: l.back}
	if l.back != nil {
		l.back.links[l.which].next = e
	} else {
		l.front = e
	}
	l.back = e
	l.n++
}

func (l *list) remove(e *entry) {
	k := &e.links[l.which]
	if k.prev != nil {
		k.prev.links[l.which].next = k.next
	} else {
		l.front = k.next
	}
	if k.next != nil {
		k.next.links[l.which].prev = k.prev
	} else {
		l.back = k.prev
	}
	*k = links{}
	l.n--
}

// touch moves an entry to the end.
func (l *list) touch(e *entry) {
	if l.back != e {
		l.remove(e)
		l.push(e)
	}
}
