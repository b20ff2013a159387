package capture

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// What a program of layout 2 has left in its rings reads as what the current one
// says of the same packets, but for the zone, which it does not know.
func TestLayout2IsReadAsTheCurrentOne(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, `table inet other { chain raw { type filter hook prerouting priority raw; ct zone set 7; }
		chain forward { type filter hook forward priority 0; ct state invalid counter; }; }`)
	t.Cleanup(func() { nft(t, "delete table inet other") })
	if err := os.WriteFile("/proc/sys/net/netfilter/nf_conntrack_tcp_loose", []byte("0"), 0); err != nil {
		t.Fatal(err)
	}
	name := pinName(t)
	recordWithLayout2(t, name)
	w := wide{t: t, router: router, client: router.Client.Address, server: router.Server.Address}
	w6 := w
	w6.client, w6.server = router.Client.Address6, router.Server.Address6
	send := func(port uint16) {
		w.syn(port)
		w.unreachable(port)
		w6.syn(port)
		w6.unreachable6(port)
		w6.segment(port+1, "PA")
	}
	send(2)
	const each = 5
	r, err := Open(Config{Poll: time.Millisecond, PinPath: PinPath(name)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	before := collect(t, r, each)
	send(2002)
	after := collect(t, r, each)
	for i := range each {
		a, b := &before[i], &after[i]
		if a.Zone != 0 || b.Connection.IsValid() != (b.Zone == 7) {
			t.Errorf("zones %d and %d", a.Zone, b.Zone)
		}
		a.Packet, a.Connection, a.Number, a.Time, a.Zone = b.Packet, b.Connection, b.Number, b.Time, b.Zone
		if diff := cmp.Diff(b, a, cmp.Comparer(func(a, b flow.Tuple) bool { return a == b })); diff != "" {
			t.Errorf("event %d (-current +layout 2):\n%s", i, diff)
		}
	}
}
