package capture

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// pending is an event that has been read and not yet been handed out. What only
// IPv6 has stands last: of others it is not touched.
type pending struct {
	read     int64 // when, by the monotonic clock
	reasoned bool  // reason and text are what they will be
	reason   flow.Reason
	text     string
	record
}

// queue puts the events of all rings and CPUs in the order of their time, and
// holds INVALID ones (and what follows them) back until the kernel's reason is
// there or the wait is over. What it hands out, and in which order, follows
// from what was added and how many were taken: so a journal of these two is
// enough to do it once more.
type queue struct {
	reasons *reasons
	now     int64  // of this turn, by the monotonic clock
	invalid uint64 // events of the last second with this flag, since somebody asked
	items   []pending
	spare   []pending      // memory for as many
	stamps  []stamp        // memory for sorting
	sorted  int            // items[:sorted] are in order
	lacking *atomic.Uint64 // events that had a reason which was not heard
}

func newQueue(reasons *reasons, lacking *atomic.Uint64) queue {
	return queue{reasons: reasons, lacking: lacking}
}

// add adds the event of a sample, which it returns until the next one is added.
func (q *queue) add(l layout, sample []byte) (*record, error) {
	p := q.next()
	if err := l.read(sample, &p.record); err != nil {
		q.items = q.items[:len(q.items)-1]
		return nil, err
	}
	if flow.Flag(p.E.Flag) == flow.INVALID && q.now-int64(p.E.TimeNs) < int64(time.Second) {
		q.invalid++
	}
	if n := len(q.items); q.sorted == n-1 && (n == 1 || q.items[n-2].E.TimeNs <= p.E.TimeNs) {
		q.sorted = n
	}
	return &p.record, nil
}

// next is the place of one more: memory of an earlier one, where there is some.
func (q *queue) next() *pending {
	n := len(q.items)
	if n == cap(q.items) {
		q.items = append(q.items, pending{})
	}
	q.items = q.items[:n+1]
	p := &q.items[n]
	p.read, p.reasoned, p.reason, p.text = q.now, false, flow.NoReason, ""
	return p
}

// stamp is when an event happened, and its place in the queue.
type stamp struct {
	time  uint64
	place int
}

// sort puts what was added in its place among what is there. Events are large:
// each is moved once, and mostly none is.
func (q *queue) sort() {
	if q.sorted == len(q.items) {
		return
	}
	q.stamps = q.stamps[:0]
	for i := range q.items {
		q.stamps = append(q.stamps, stamp{q.items[i].E.TimeNs, i})
	}
	slices.SortStableFunc(q.stamps, func(a, b stamp) int { return cmp.Compare(a.time, b.time) })
	q.spare = q.spare[:0]
	for _, s := range q.stamps {
		q.spare = append(q.spare, q.items[s.place])
	}
	q.items, q.spare = q.spare, q.items
	q.sorted = len(q.items)
}

// ready is how many events, from the front, happened before the given monotonic
// time and wait for nothing; with last, none waits.
func (q *queue) ready(until int64, last bool) int {
	q.sort()
	n := 0
	for n < len(q.items) && int64(q.items[n].E.TimeNs) < until && q.settle(&q.items[n], last) {
		n++
	}
	return n
}

// drop removes events from the front.
func (q *queue) drop(n int) {
	rest := copy(q.items, q.items[n:])
	q.items = q.items[:rest]
	q.sorted = rest
}

// oldest is the kernel time of the event that waits longest; 0 without one.
func (q *queue) oldest() int64 {
	if len(q.items) == 0 {
		return 0
	}
	return int64(q.items[0].E.TimeNs)
}

// settle finds an INVALID event's reason; false while it may still come.
func (q *queue) settle(p *pending, last bool) bool {
	if flow.Flag(p.E.Flag) != flow.INVALID || p.reasoned {
		return true
	}
	heard := false
	if q.reasons != nil {
		if text, ok := q.reasons.claim(keyOf(&p.record)); ok {
			p.reason, _ = classify(text)
			p.text, p.reasoned = text, true
			return true
		}
		var more bool
		heard, more = q.reasons.listened(int64(p.E.TimeNs))
		if !last && more && q.now-p.read < int64(reasonWait) {
			return false
		}
	}
	p.reason = q.unexplained(p, heard)
	p.reasoned = true
	return true
}

// unexplained is the reason of an INVALID event that no text came for. Only
// where there would have been one, if there was any, is that a reason too.
func (q *queue) unexplained(p *pending, heard bool) flow.Reason {
	switch {
	case q.reasons == nil:
		return flow.UnknownReason
	case flow.Protocol(p.E.Protocol) == flow.TCP && p.E.Header == 0:
		return flow.Truncated // the kernel has no sentence for it
	case !heard:
		return flow.UnknownReason
	case alwaysExplained(&p.record):
		q.lacking.Add(1)
		return flow.UnknownReason
	}
	return q.reasons.none(time.Now().Add(-time.Duration(q.now - p.read)))
}

// alwaysExplained reports whether conntrack has a sentence for any such packet
// that it calls INVALID: it is only silent about what could belong to a
// connection that it has never seen (tcp_new with nf_conntrack_tcp_loose=0),
// a TCP packet with ACK and without SYN, FIN and RST. Of IPv6 it is not sure:
// of packets with extension headers the texts are not read.
func alwaysExplained(r *record) bool {
	const handshake = flow.BitSYN | flow.BitFIN | flow.BitRST
	flags := flow.TCPFlags(r.E.TcpFlags)
	return !r.v6 && flow.Protocol(r.E.Protocol) == flow.TCP && (flags&handshake != 0 || flags&flow.BitACK == 0)
}
