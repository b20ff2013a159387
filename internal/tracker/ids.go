// Package tracker folds events into connections. For now it knows which
// connection an event belongs to.
package tracker

import (
	"container/list"

	"github.com/sekisho/sekisho/internal/flow"
)

// IDs gives events their connection ids. An id rests on the client's initial
// sequence number, which only the handshake shows: IDs remembers it for the
// packets that come after. It is not safe for concurrent use.
type IDs struct {
	limit int
	known map[flow.Tuple]*list.Element // by undirected tuple
	order *list.List                   // of known, the longest unused first
}

type known struct {
	tuple flow.Tuple
	isn   uint32
	id    string
	// next is the initial sequence number of a SYN that came while conntrack
	// held the connection for alive: that of its successor, if it is answered.
	next *uint32
}

// DefaultLimit bounds the memory of IDs to about 50 MB.
const DefaultLimit = 200_000

// NewIDs makes IDs that remember at most limit connections; those unused for
// longest are forgotten first, and their later events have no id.
func NewIDs(limit int) *IDs {
	return &IDs{limit: limit, known: map[flow.Tuple]*list.Element{}, order: list.New()}
}

// Len is how many connections are remembered.
func (ids *IDs) Len() int { return len(ids.known) }

// Identify sets the event's ConnectionID, if it can be known.
//
// A SYN carries the client's initial sequence number, a SYN-ACK acknowledges
// the number after it. An INVALID packet with these flags tells as much: a
// SYN-ACK whose SYN took another way has the id that the SYN has where it was
// seen. For every other packet, what the tuple's last handshake told counts.
func (ids *IDs) Identify(e *flow.Event) {
	tuple := e.Packet
	if e.Connection.IsValid() {
		tuple = e.Connection
	}
	key := tuple.Undirected()
	el, found := ids.known[key]
	isn, ok := clientISN(e)
	if found {
		ids.order.MoveToBack(el)
		k := el.Value.(*known)
		switch {
		case ok && isn != k.isn && e.TCPFlags&flow.BitACK == 0 && alive(e.State):
			k.next = &isn
			e.ConnectionID = flow.ConnectionID(tuple, isn)
			return
		case !ok && k.next != nil && (e.Seq == *k.next+1 || e.Ack == *k.next+1):
			isn, ok = *k.next, true
		case !ok:
			e.ConnectionID = k.id
			return
		}
	}
	if ok {
		e.ConnectionID = ids.learn(key, tuple, isn)
	}
}

// alive reports whether a SYN that meets this state is about a connection that
// conntrack still follows: it lets the SYN pass and waits for the answer. After
// a SYN that opens an entry of its own the state is SYN_SENT.
func alive(s flow.TCPState) bool {
	switch s.String() {
	case "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK":
		return true
	}
	return false
}

func clientISN(e *flow.Event) (uint32, bool) {
	const handshake = flow.BitSYN | flow.BitACK | flow.BitRST | flow.BitFIN
	switch e.TCPFlags & handshake {
	case flow.BitSYN:
		// In a simultaneous open the server's SYN has a number of its own.
		return e.Seq, e.Direction != flow.Reply
	case flow.BitSYN | flow.BitACK:
		return e.Ack - 1, true
	}
	return 0, false
}

func (ids *IDs) learn(key, tuple flow.Tuple, isn uint32) string {
	if el, ok := ids.known[key]; ok {
		ids.order.MoveToBack(el)
		k := el.Value.(*known)
		if k.isn != isn {
			k.isn, k.id, k.next = isn, flow.ConnectionID(tuple, isn), nil
		}
		return k.id
	}
	if len(ids.known) >= ids.limit {
		oldest := ids.order.Remove(ids.order.Front()).(*known)
		delete(ids.known, oldest.tuple)
	}
	k := &known{tuple: key, isn: isn, id: flow.ConnectionID(tuple, isn)}
	ids.known[key] = ids.order.PushBack(k)
	return k.id
}
