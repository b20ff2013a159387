package ends

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/sekisho/sekisho/internal/flow"
)

// Conntrack knows a connection by its original tuple and its zone, whichever
// direction that is of; and not any more when it has forgotten it.
func TestKnown(t *testing.T) {
	for _, tt := range []struct {
		name, client, server string
		zone                 uint16
		elsewhere            bool // it is taken as known in another zone too, which ends nothing
	}{
		{"no zone", "counter", "counter", 0, true},
		{"both directions' zone", "ct zone set 7", "ct zone set 7", 7, false},
		{"the original direction's", "ct original zone set 8", "counter", 8, false},
		{"the reply direction's", "ct reply zone set 65535", "ct zone set 65535", 65535, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Config{})
			w.nft(fmt.Sprintf(`table inet ends { chain raw { type filter hook prerouting priority raw;
				iifname client %s; iifname server %s; }; }`, tt.client, tt.server))
			asker, err := NewAsker()
			w.must(err)
			t.Cleanup(func() { asker.Close() })
			for _, server := range []netip.Addr{w.hosts.Server.Address, w.hosts.Server.Address6} {
				client, at := w.talk(server, true)
				tuple := flow.Tuple{Protocol: flow.TCP, Source: client, Dest: at}
				other := flow.Tuple{Protocol: flow.TCP, Source: client, Dest: netip.AddrPortFrom(at.Addr(), at.Port()^1)}
				for _, q := range []struct {
					tuple flow.Tuple
					zone  uint16
					want  bool
				}{{tuple, tt.zone, true}, {other, tt.zone, false}, {tuple, tt.zone ^ 2, tt.elsewhere}} {
					if known, err := asker.Known(q.tuple, q.zone); err != nil || known != q.want {
						t.Errorf("%v in zone %d: known %v, %v; want %v", q.tuple, q.zone, known, err, q.want)
					}
				}
				w.must(netlink.ConntrackTableFlush(netlink.ConntrackTable))
				if known, err := asker.Known(tuple, tt.zone); err != nil || known {
					t.Errorf("%v, which is forgotten: known %v, %v", tuple, known, err)
				}
			}
		})
	}
}
