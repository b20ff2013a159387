package firewall

import (
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// TestClosesAreHeardWhereEventsAreMissing has conntrack tell of closed connections
// only after events were lost, which may be those of a close.
func TestClosesAreHeardWhereEventsAreMissing(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	fw := startFirewall(t, &Config{Name: "closes", ResourceGroup: fmt.Sprintf("t%d", os.Getpid())}, parseEverything(t))
	flush := func() {
		t.Helper()
		if err := netlink.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
			t.Fatal(err)
		}
	}
	converseAndFlush := func() {
		t.Helper()
		client := converse(t, hosts, 100, 100)
		eventually(t, func() bool { return len(rowsOf(fw, client)) > 0 })
		flush()
	}
	converseAndFlush()
	// One that is open comes behind it, on the same socket.
	converser(t, hosts, func(s net.Conn) { t.Cleanup(func() { s.Close() }) })
	flush()
	eventually(t, func() bool { return fw.ends.heard() > 0 })
	if heard := fw.ends.heard(); heard != 1 {
		t.Errorf("%d ends were heard, want that of the open connection", heard)
	}
	fw.lost(logs.Loss{From: time.Now(), To: time.Now(), Place: logs.RingLoss, Kind: "FIN", Count: 1})
	eventually(t, func() bool {
		converseAndFlush()
		return fw.ends.heard() > 1
	})
}
