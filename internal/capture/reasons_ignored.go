package capture

import (
	"math"
	"slices"
	"time"

	"github.com/florianl/go-nflog/v2"

	"github.com/sekisho/sekisho/internal/flow"
)

// ignored is a packet that conntrack ignored and let pass: one below the
// window, a SYN on a live connection. There is nothing wrong with it, and as a
// rule it is no step of its connection; it helps to understand what the two
// ends do. All that is known of it comes with the text: it has no event of the
// program, no number, and is not kept over the end of a process.
type ignored struct {
	packet loggedPacket
	at     int64 // when the text was heard, by the monotonic clock
	in     int   // the interface's index
	code   flow.Reason
	text   string
}

// maxIgnored bounds what waits to be handed out.
const maxIgnored = 4096

// ignore keeps an ignored packet. What the host sends itself is none of a
// router's, and neither is a packet that will not be forwarded because it has
// come too far.
func (r *reasons) ignore(a nflog.Attribute, p loggedPacket, readable bool, code flow.Reason, text string) {
	if a.OutDev != nil || readable && p.ttl <= 1 {
		return
	}
	if !readable || len(r.ignored) >= maxIgnored {
		r.counts.IgnoredLost.Add(1)
		return
	}
	i := ignored{packet: p, at: monotonic(), code: code, text: text}
	if a.InDev != nil {
		i.in = int(*a.InDev)
	}
	r.ignored = append(r.ignored, i)
	r.ignoredCount++
}

// takeIgnored returns what was heard before a moment, and keeps it no longer.
func (r *reasons) takeIgnored(before int64) []ignored {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := slices.IndexFunc(r.ignored, func(i ignored) bool { return i.at >= before })
	if n < 0 {
		n = len(r.ignored)
	}
	list := r.ignored[:n:n]
	r.ignored = slices.Clone(r.ignored[n:])
	return list
}

// handIgnored hands out the packets that conntrack ignored, behind the events of
// their time: who gets them knows their connections then. Where those cannot be
// read for long they do not wait.
func (r *Recorder) handIgnored(last bool) {
	before := max(r.settled.Load(), r.queue.now-int64(staleReason))
	if last {
		before = math.MaxInt64
	}
	list := r.reasons.takeIgnored(before)
	if len(list) == 0 || r.config.Ignored == nil {
		return
	}
	r.decoder.interfaces.refresh(time.Now())
	events := make([]flow.Event, len(list))
	for i := range list {
		events[i] = r.decoder.ignored(&list[i])
	}
	r.config.Ignored(events)
}

// ignored makes an event of an ignored packet. Its TTL is what it will have
// left when it is forwarded, as that of other events.
func (d *decoder) ignored(i *ignored) flow.Event {
	p := &i.packet
	return flow.Event{Time: d.clock.at(i.at), Packet: p.tuple, Flag: flow.IGNORED, TCPFlags: p.flags,
		Seq: p.seq, Ack: p.ack, Window: p.window, Payload: p.payload, TTL: p.ttl - 1, IPID: p.id,
		InIndex: i.in, In: d.interfaces.name(i.in), Reason: i.code, ReasonText: i.text}
}
