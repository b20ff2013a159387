package tracker

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/internal/flow"
)

// key names a tuple in the table, the same for both directions: its endpoints,
// the lower first, IPv4 mapped into IPv6. It has no pointers, as netip.Addr
// has: the garbage collector does not look into it.
type key struct {
	addr [2][16]byte
	port [2]uint16
}

// endpoint is one of a key's two.
type endpoint uint8

func (e endpoint) other() endpoint { return 1 - e }

// keyOf makes a tuple's key, and says which endpoint the source is.
func keyOf(t flow.Tuple) (k key, source endpoint) {
	k.addr[0], k.addr[1] = t.Source.Addr().As16(), t.Dest.Addr().As16()
	k.port[0], k.port[1] = t.Source.Port(), t.Dest.Port()
	order := bytes.Compare(k.addr[0][:], k.addr[1][:])
	if order < 0 || order == 0 && k.port[0] <= k.port[1] {
		return k, 0
	}
	k.addr[0], k.addr[1] = k.addr[1], k.addr[0]
	k.port[0], k.port[1] = k.port[1], k.port[0]
	return k, 1
}

func (k *key) at(e endpoint) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(k.addr[e]).Unmap(), k.port[e])
}

// tuple is the key's with one endpoint as the source.
func (k *key) tuple(source endpoint) flow.Tuple {
	return flow.Tuple{Protocol: flow.TCP, Source: k.at(source), Dest: k.at(source.other())}
}
