package ends

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"
)

// An end has its connection's zone, of both directions or of one.
func TestZone(t *testing.T) {
	for _, tt := range []struct {
		name, client, server string
		want                 uint16
	}{
		{"none", "counter", "counter", 0},
		{"both directions'", "ct zone set 7", "ct zone set 7", 7},
		{"the original direction's", "ct original zone set 8", "counter", 8},
		{"the reply direction's", "ct reply zone set 65535", "ct zone set 65535", 65535},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Config{})
			w.nft(fmt.Sprintf(`table inet ends { chain raw { type filter hook prerouting priority raw;
				iifname client %s; iifname server %s; }; }`, tt.client, tt.server))
			for _, server := range []netip.Addr{w.hosts.Server.Address, w.hosts.Server.Address6} {
				client, _ := w.talk(server, true)
				w.must(netlink.ConntrackTableFlush(netlink.ConntrackTable))
				if e := w.end(client); e.Zone != tt.want {
					t.Errorf("server %v: zone %d, want %d", server, e.Zone, tt.want)
				}
			}
		})
	}
}
