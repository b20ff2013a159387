package firewall

import (
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// maxHeld bounds the SYNs that wait for an answer. Of a flood of 100,000 a
// second that are the last tenth of a second and more, a round trip within a
// region several times over.
const maxHeld = 16384

// heldSYNs are SYNs that come too fast to have a row each, for a moment. A SYN
// of a flood has no answer, as a rule, and is counted; that of an ordinary
// connection has one, and then gets its row after all: so connections are whole
// in a flood too. They are kept in two generations. When it is time, or when the
// younger has taken half of the room, the older is let go.
type heldSYNs struct {
	young, old heldList
}

// heldList has SYNs in their order. One that was answered, or repeated, keeps
// its place with nothing in it.
type heldList struct {
	syns []heldSYN
	at   map[flow.Tuple]int
}

type heldSYN struct {
	event flow.Event // without flag: it was told or counted
	rule  logs.Rule
}

// isOpening reports whether an event is a SYN that an answer may follow.
func isOpening(e *flow.Event) bool {
	return e.Flag == flow.SYN && e.Action != flow.Deny && e.Connection.IsValid()
}

// hold keeps a SYN for an answer. Of those of one connection the last is kept.
func (f *fold) hold(e *flow.Event, rule logs.Rule) {
	if len(f.held.young.syns) >= maxHeld/2 {
		f.letGo()
	}
	for _, list := range []*heldList{&f.held.old, &f.held.young} {
		if earlier, ok := list.take(e.Connection); ok {
			f.count(&earlier)
		}
	}
	f.held.young.add(e, rule)
}

// answered tells the SYN to which an event belongs, if it is held.
func (f *fold) answered(e *flow.Event) {
	for _, list := range []*heldList{&f.held.old, &f.held.young} {
		if len(list.at) == 0 {
			continue
		}
		if syn, ok := list.take(e.Connection); ok {
			kind, _ := kindOf(&syn.event)
			f.kinds[kind].untold--
			f.tell(&syn.event, syn.rule)
		}
	}
}

// letGo counts the older SYNs; the younger are the older ones then.
func (f *fold) letGo() {
	h := &f.held
	for i := range h.old.syns {
		if syn := &h.old.syns[i]; syn.event.Flag == flow.SYN {
			f.count(syn)
		}
	}
	h.old.clear()
	h.young, h.old = h.old, h.young
}

func (f *fold) count(syn *heldSYN) {
	kind, _ := kindOf(&syn.event)
	f.kinds[kind].count(&syn.event, syn.rule)
}

func (l *heldList) add(e *flow.Event, rule logs.Rule) {
	if l.at == nil {
		l.at = map[flow.Tuple]int{}
	}
	l.at[e.Connection] = len(l.syns)
	l.syns = append(l.syns, heldSYN{*e, rule})
}

// take takes a SYN out.
func (l *heldList) take(connection flow.Tuple) (heldSYN, bool) {
	i, ok := l.at[connection]
	if !ok {
		return heldSYN{}, false
	}
	delete(l.at, connection)
	syn := l.syns[i]
	l.syns[i] = heldSYN{}
	return syn, true
}

// clear empties the list. Its memory is kept for the rest of the flood, and
// given back in the calm after it.
func (l *heldList) clear() {
	if len(l.syns) == 0 {
		*l = heldList{}
		return
	}
	clear(l.syns)
	clear(l.at)
	l.syns = l.syns[:0]
}
