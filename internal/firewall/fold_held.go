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
	told       []*heldSYN // since the batch began: its rows are made of them
	spare      []*heldSYN // their memory is for the next ones
}

// heldList has SYNs in their order. One that was answered, or repeated, leaves
// its place empty.
type heldList struct {
	syns []*heldSYN
	at   map[synKey]int
}

// synKey names a connection.
type synKey struct {
	tuple flow.Tuple
	zone  uint16
}

func synKeyOf(e *flow.Event) synKey { return synKey{e.Connection, e.Zone} }

type heldSYN struct {
	event flow.Event
	rule  *logs.Rule
}

// isOpening reports whether an event is a SYN that an answer may follow.
func isOpening(e *flow.Event) bool {
	return e.Flag == flow.SYN && e.Action != flow.Deny && e.Connection.IsValid()
}

// hold keeps a SYN for an answer. Of those of one connection the last is kept.
func (f *fold) hold(e *flow.Event, rule *logs.Rule) {
	if len(f.held.young.syns) >= maxHeld/2 {
		f.letGo()
	}
	for _, list := range []*heldList{&f.held.old, &f.held.young} {
		if earlier := list.take(e); earlier != nil {
			f.count(earlier)
			f.held.spare = append(f.held.spare, earlier)
		}
	}
	f.held.young.add(f.held.keep(e, rule))
}

// answered tells the SYN to which an event belongs, if it is held.
func (f *fold) answered(e *flow.Event) {
	for _, list := range []*heldList{&f.held.old, &f.held.young} {
		if syn := list.take(e); syn != nil {
			kind, _ := kindOf(&syn.event)
			f.kinds[kind].untold--
			f.tell(&syn.event, syn.rule)
			f.held.told = append(f.held.told, syn)
		}
	}
}

// letGo counts the older SYNs; the younger are the older ones then.
func (f *fold) letGo() {
	h := &f.held
	for _, syn := range h.old.syns {
		if syn != nil {
			f.count(syn)
		}
	}
	if len(h.young.syns)+len(h.old.syns) == 0 { // it is calm
		*h = heldSYNs{told: h.told}
		return
	}
	h.empty(&h.old)
	h.young, h.old = h.old, h.young
}

func (f *fold) count(syn *heldSYN) {
	kind, _ := kindOf(&syn.event)
	f.kinds[kind].count(&syn.event, syn.rule)
}

// keep copies a SYN.
func (h *heldSYNs) keep(e *flow.Event, rule *logs.Rule) *heldSYN {
	last := len(h.spare) - 1
	if last < 0 {
		return &heldSYN{*e, rule}
	}
	syn := h.spare[last]
	h.spare = h.spare[:last]
	*syn = heldSYN{*e, rule}
	return syn
}

// begin takes the memory of what was told with the batch before.
func (h *heldSYNs) begin() {
	h.spare = append(h.spare, h.told...)
	clear(h.told)
	h.told = h.told[:0]
}

// empty empties a list. Its memory is for the next ones.
func (h *heldSYNs) empty(l *heldList) {
	for _, syn := range l.syns {
		if syn != nil {
			h.spare = append(h.spare, syn)
		}
	}
	if len(l.at) > 0 {
		clear(l.at)
	}
	clear(l.syns)
	l.syns = l.syns[:0]
}

func (l *heldList) add(syn *heldSYN) {
	if l.at == nil {
		l.at = map[synKey]int{}
	}
	l.at[synKeyOf(&syn.event)] = len(l.syns)
	l.syns = append(l.syns, syn)
}

// take takes the SYN of an event's connection out; nil where there is none.
func (l *heldList) take(e *flow.Event) *heldSYN {
	if len(l.at) == 0 {
		return nil
	}
	key := synKeyOf(e)
	i, ok := l.at[key]
	if !ok {
		return nil
	}
	delete(l.at, key)
	syn := l.syns[i]
	l.syns[i] = nil
	return syn
}
