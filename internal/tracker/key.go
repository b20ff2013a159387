package tracker

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/internal/flow"
)

// key names a tuple in the table: its endpoints, and conntrack's zone, which
// tells it from the same in another one. The hash is of the endpoints alone, so
// those of all zones stand together.
type key struct {
	pair
	zone zone
	hash uint32
}

// pair is a tuple's two endpoints, the same for both directions: the lower first,
// IPv4 mapped into IPv6. It has no pointers, as netip.Addr has: the garbage
// collector does not look into it.
type pair struct {
	addr [2][16]byte
	port [2]uint16
}

// endpoint is one of a pair's two.
type endpoint uint8

func (e endpoint) other() endpoint { return 1 - e }

// keyOf makes the key of a tuple in a zone, and says which endpoint the source is.
func (t *Tracker) keyOf(tuple flow.Tuple, in uint16) (k key, source endpoint) {
	k.pair, source = pairOf(tuple)
	k.zone, k.hash = zone(in), t.table.hash(&k.pair)
	return k, source
}

func pairOf(t flow.Tuple) (p pair, source endpoint) {
	p.addr[0], p.addr[1] = t.Source.Addr().As16(), t.Dest.Addr().As16()
	p.port[0], p.port[1] = t.Source.Port(), t.Dest.Port()
	order := bytes.Compare(p.addr[0][:], p.addr[1][:])
	if order < 0 || order == 0 && p.port[0] <= p.port[1] {
		return p, 0
	}
	p.addr[0], p.addr[1] = p.addr[1], p.addr[0]
	p.port[0], p.port[1] = p.port[1], p.port[0]
	return p, 1
}

func (p *pair) at(e endpoint) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(p.addr[e]).Unmap(), p.port[e])
}

// tuple is the pair's with one endpoint as the source.
func (p *pair) tuple(source endpoint) flow.Tuple {
	return flow.Tuple{Protocol: flow.TCP, Source: p.at(source), Dest: p.at(source.other())}
}
