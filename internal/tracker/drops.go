package tracker

import (
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// beat is how often conntrack's counters are read: what they tell happened
// within that time before.
const beat = int64(time.Second)

// pressure is when conntrack's table was full.
type pressure struct {
	full  windows // packets dropped for want of room
	early windows // half-open connections thrown out to make room
	clash windows // no place for an entry: as for want of a port to translate to
}

// AddDrop takes a packet that the host dropped outside the policy, or a counter
// of conntrack that rose.
func (t *Tracker) AddDrop(d flow.Drop) {
	at := d.Time.UnixNano()
	t.advance(at)
	if d.Source == flow.DropConntrack {
		t.pressure.take(d.Reason, at)
		return
	}
	if d.Tuple.Protocol != flow.TCP || !d.Tuple.IsValid() || noPacket[d.Reason] {
		return
	}
	k, source := t.keyOf(d.Tuple, 0)
	c := t.lookup(&k)
	if t.zones.inUse(0) {
		c = t.unzoned(&k, d.Interface, "", func(*entry) bool { return false })
	}
	if c == nil {
		c = t.untranslated(d, k.zone, at)
	}
	if c != nil && c.is(closed) && at > c.last && d.TCPFlags&(flow.BitSYN|flow.BitACK) == flow.BitSYN {
		t.release(c)
		c = nil
	}
	if c == nil {
		c = t.beginDropped(d, &k, source, at)
	}
	c.history.add(dropLetter(c.wayOf(d.Tuple)))
	keepDrop(c.more(), d)
	c.last = max(c.last, at)
	if !c.is(closed) && c.judge == 0 {
		c.judge = at + int64(t.config.Stall) // a repeated packet may get through
	}
	t.plan(c)
}

// untranslated finds the connection of a SYN that was dropped with its source
// translated already, because no port was free for it: by its destination and
// the moment.
func (t *Tracker) untranslated(d flow.Drop, in zone, at int64) *entry {
	if d.Reason != "NETFILTER_DROP" || d.TCPFlags&(flow.BitSYN|flow.BitACK) != flow.BitSYN {
		return nil
	}
	c := t.classes[opening].back
	for n := 0; c != nil && n < maxSearch; n, c = n+1, c.links[byClass].prev {
		server := c.tuple().Dest
		if translated := c.translated(); translated.IsValid() {
			server = translated.Dest
		}
		if server == d.Tuple.Dest && (in == unknownZone || in == c.key.zone) && c.step == requested && c.last <= at && at-c.last < dropDelay {
			c.set(portless)
			return c
		}
	}
	return nil
}

const (
	// maxSearch bounds how many half-open connections are looked at.
	maxSearch = 256
	// dropDelay is between the forward hook and the end of postrouting, on a
	// host that has much to do.
	dropDelay = int64(5 * time.Millisecond)
)

// noPacket are the reasons for which no packet of a connection is dropped: it
// was on its way to somebody else on the wire, or what was dropped is a copy for
// somebody who looks on.
var noPacket = map[string]bool{"OTHERHOST": true, "PACKET_SOCK_ERROR": true, "SOCKET_FILTER": true, "SOCKET_RCVBUFF": true}

func (p *pressure) take(counter string, at int64) {
	switch counter {
	case "drop":
		p.full.add(at-beat, at, allKinds)
	case "early_drop":
		p.early.add(at-beat, at, allKinds)
	case "insert_failed":
		p.clash.add(at-beat, at, allKinds)
	}
}

// beginDropped makes the entry of a connection that has nothing but a dropped
// packet so far.
func (t *Tracker) beginDropped(d flow.Drop, k *key, source endpoint, at int64) *entry {
	t.makeRoom(strangers)
	client, guess := clientOf(&flow.Event{TCPFlags: d.TCPFlags}, d.Tuple, source)
	c := t.create(k, client, strangers)
	if guess {
		c.set(guessed)
		c.history.add(letterGuessed)
	}
	c.first, c.last = at, at
	return c
}

func dropLetter(way flow.Way) byte {
	if way == flow.FromServer {
		return letterDrop + 'a' - 'A'
	}
	return letterDrop
}

// keepDrop keeps the last drop, and counts all.
func keepDrop(more *trouble, d flow.Drop) {
	if more.drop != nil {
		d.Count += more.drop.Count
	}
	more.drop = &d
}

// crowded reports whether a drop is conntrack's for want of room. Its packets
// have no reason of their own: they are those that no rule dropped, before the
// forward hook, at about the time when the counter rose.
func (t *Tracker) crowded(d *flow.Drop) bool {
	at := d.Time.UnixNano()
	return d.Reason == "NETFILTER_DROP" && d.Hook == "prerouting" && d.Location != "nft_do_chain" &&
		t.pressure.full.touch(at-beat, at+beat, allKinds)
}
