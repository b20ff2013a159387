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
	lent       []*heldSYN // since the batch began: their events are its
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

// heldSYN is a SYN of the batch that is being taken, or a copy of an earlier one's;
// nil while it is neither.
type heldSYN struct {
	event *flow.Event
	rule  *logs.Rule
	copy  flow.Event
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
			f.held.drop(earlier)
		}
	}
	f.held.young.add(f.held.keep(e, rule))
}

// answered tells the SYN to which an event belongs, if it is held.
func (f *fold) answered(e *flow.Event) {
	for _, list := range []*heldList{&f.held.old, &f.held.young} {
		if syn := list.take(e); syn != nil {
			kind, _ := kindOf(syn.event)
			f.kinds[kind].untold--
			f.tell(syn.event, syn.rule)
			if syn.event != &syn.copy { // a copy is the stream's from now on
				f.held.drop(syn)
			}
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
		*h = heldSYNs{lent: h.lent}
		return
	}
	h.empty(&h.old)
	h.young, h.old = h.old, h.young
}

func (f *fold) count(syn *heldSYN) {
	kind, _ := kindOf(syn.event)
	f.kinds[kind].count(syn.event, syn.rule)
}

// keep keeps a SYN of the batch.
func (h *heldSYNs) keep(e *flow.Event, rule *logs.Rule) *heldSYN {
	var syn *heldSYN
	if last := len(h.spare) - 1; last >= 0 {
		syn, h.spare = h.spare[last], h.spare[:last]
	} else {
		syn = &heldSYN{}
	}
	syn.event, syn.rule = e, rule
	h.lent = append(h.lent, syn)
	return syn
}

// drop makes the memory of a SYN the next one's.
func (h *heldSYNs) drop(syn *heldSYN) {
	syn.event = nil
	h.spare = append(h.spare, syn)
}

// own copies what is held of the batch, which ends. Mostly that is little: the
// answer comes before.
func (h *heldSYNs) own() {
	for _, syn := range h.lent {
		if syn.event != nil && syn.event != &syn.copy {
			syn.copy = *syn.event
			syn.event = &syn.copy
		}
	}
	clear(h.lent)
	h.lent = h.lent[:0]
}

// empty empties a list. Its memory is for the next ones.
func (h *heldSYNs) empty(l *heldList) {
	for _, syn := range l.syns {
		if syn != nil {
			h.drop(syn)
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
	l.at[synKeyOf(syn.event)] = len(l.syns)
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
