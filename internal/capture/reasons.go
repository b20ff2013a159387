package capture

import (
	"strings"
	"sync"
	"time"

	"github.com/florianl/go-nflog/v2"

	"github.com/sekisho/sekisho/internal/flow"
)

// reasons has conntrack's own sentences about packets. With
// nf_conntrack_log_invalid set and nf_log bound to nfnetlink_log, the kernel
// sends each with the packet to NFLOG group 0 of this network namespace. The
// sentence is made in prerouting, so it usually is here before the event. It
// is about a packet that conntrack calls INVALID, and waits for its event; or
// about one that conntrack ignored, which passes and has no event of its own.
//
//	reasons.go          what was said, until an event claims it
//	reasons_listen.go   the socket, which is there only while it is worth it
//	reasons_pace.go     what decides that
//	reasons_ignored.go  packets that were ignored
//	reasons_packet.go   packets as NFLOG carries them
type reasons struct {
	mu       sync.Mutex
	listener *listener // nil while nobody listens
	pace     pace
	ask      func(on bool) error // the kernel; nil where it is always asked
	since    int64               // of what happened from here on all texts were heard,
	until    int64               // to here; by the monotonic clock
	heard    uint64
	counted  uint64 // of them, by the pace
	looked   int64  // when it was looked for failures last; the listener worked then

	texts   map[reasonKey][]reasonText // a list: packets can be alike in everything
	arrived []arrival                  // of the texts, in their order; claimed ones too
	count   uint64
	overrun time.Time // when texts were last lost
	counts  Counts

	ignored      []ignored
	ignoredCount uint64
}

// reasonKey tells packets apart: retransmissions differ in the IP id.
type reasonKey struct {
	packet flow.Tuple
	seq    uint32
	id     uint16 // of IPv4
}

type reasonText struct {
	number uint64 // its arrival's
	text   string
}

type arrival struct {
	number uint64
	key    reasonKey
	at     time.Time
}

const (
	// maxReasons bounds what a flood of texts without events can hold.
	maxReasons = 4096
	// staleReason is when a text is given up: packets to the firewall itself
	// have a text and no event.
	staleReason = time.Second
	// overrunDoubt is how long after a lost text a missing one proves nothing.
	overrunDoubt = time.Second
	// saidOfTCP is before what conntrack says of TCP packets. Other texts come
	// from somebody's rules that log to the same group.
	saidOfTCP = "nf_ct_proto_6: "
)

// hear takes a text.
func (r *reasons) hear(a nflog.Attribute) int {
	if a.Prefix == nil || a.Payload == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard++
	text, isTCP := strings.CutPrefix(*a.Prefix, saidOfTCP)
	if !isTCP {
		return 0
	}
	text = strings.TrimSpace(text)
	p, readable := readPacket(*a.Payload)
	switch code, about := classify(text); {
	case about == aboutIgnored:
		r.ignore(a, p, readable, code, text)
	case about == aboutInvalid && readable:
		r.keep(p.key(), text)
	}
	return 0
}

// keep keeps a text for the packet's event.
func (r *reasons) keep(key reasonKey, text string) {
	r.expire()
	r.count++
	r.texts[key] = append(r.texts[key], reasonText{r.count, text})
	r.arrived = append(r.arrived, arrival{r.count, key, time.Now()})
}

// expire forgets texts that nobody claimed in time, or that are too many.
func (r *reasons) expire() {
	now := time.Now()
	for len(r.arrived) > 0 {
		first := r.arrived[0]
		fresh := now.Sub(first.at) < staleReason
		if fresh && len(r.arrived) < maxReasons {
			return
		}
		r.arrived = r.arrived[1:]
		// A key's texts leave it in their order, so another number in front
		// means that this one was claimed.
		if texts := r.texts[first.key]; len(texts) > 0 && texts[0].number == first.number {
			r.pop(first.key)
			if fresh {
				r.counts.ReasonOverruns.Add(1)
				r.overrun = now
			}
		}
	}
}

// pop removes the first text of a key that has one.
func (r *reasons) pop(key reasonKey) string {
	texts := r.texts[key]
	if len(texts) == 1 {
		delete(r.texts, key)
	} else {
		r.texts[key] = texts[1:]
	}
	return texts[0].text
}

// claim takes a text for a packet, if one has come.
func (r *reasons) claim(key reasonKey) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.texts[key]) == 0 {
		return "", false
	}
	return r.pop(key), true
}

// listened reports whether all texts about what happened then were heard. More
// says that one may still come.
func (r *reasons) listened(at int64) (heard, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	heard = r.since <= at && at < r.until
	return heard, heard && r.listener != nil
}

// none is the reason of a packet that no text came for: conntrack has none for
// packets from the middle of unknown connections. Where texts were lost at the
// time, it could be anything.
func (r *reasons) none(read time.Time) flow.Reason {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.overrun.IsZero() && read.Sub(r.overrun) < overrunDoubt {
		return flow.UnknownReason
	}
	return flow.NoState
}
