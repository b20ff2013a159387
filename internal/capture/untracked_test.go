package capture

import (
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/testnet"
)

// Packets that conntrack is told not to look at have no events, and are counted.
func TestUntrackedPacketsAreCounted(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	nft(t, `table ip raw { chain c { type filter hook prerouting priority raw; tcp dport 22 notrack; }; }
table ip6 raw { chain c { type filter hook prerouting priority raw; tcp dport 22 notrack; }; }`)
	t.Cleanup(func() { nft(t, "delete table ip raw\ndelete table ip6 raw") })
	r, err := Open(Config{Poll: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	w := wide{t: t, router: router, client: router.Client.Address, server: router.Server.Address}
	w6 := w
	w6.client, w6.server = router.Client.Address6, router.Server.Address6
	for want, send := range []func(){func() {}, func() { w.syn(1) }, func() { w6.syn(2) }} {
		send()
		w.udp(uint16(want), false) // its event says that what was before is through
		collect(t, r, 1)
		if got, err := r.Untracked(); err != nil || got != uint64(want) {
			t.Errorf("%d packets, want %d: %v", got, want, err)
		}
	}
}
