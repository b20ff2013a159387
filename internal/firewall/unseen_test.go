package firewall

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// TestAConnectionThatIsClosedUnseenIsNotOpenForEver has other rules drop what closes
// a connection, before it is recorded: conntrack has seen it, and forgets the
// connection without a word that would be heard. Of one beside it, which is open and
// as silent, conntrack knows.
func TestAConnectionThatIsClosedUnseenIsNotOpenForEver(t *testing.T) {
	testnet.NeedRoot(t)
	for name, over6 := range map[string]bool{"IPv4": false, "IPv6": true} {
		t.Run(name, func(t *testing.T) {
			hosts := testnet.NewHosts(t)
			if over6 {
				hosts = hosts.Over6()
			}
			fw := startFirewall(t, &Config{Name: "unseen", ResourceGroup: fmt.Sprintf("t%d", os.Getpid())}, parseEverything(t))
			closed, _ := converser(t, hosts, func(s net.Conn) { t.Cleanup(func() { s.Close() }) })
			open, _ := converser(t, hosts, func(s net.Conn) { t.Cleanup(func() { s.Close() }) })
			t.Cleanup(func() { open.Close() })
			eventually(t, func() bool { return len(openOf(fw)) == 2 })
			nft := exec.Command("nft", "-f", "-")
			nft.Stdin = strings.NewReader(`table inet others {
  chain forward { type filter hook forward priority -10; tcp flags & (fin | rst) != 0 drop; }
}`)
			if out, err := nft.CombinedOutput(); err != nil {
				t.Fatalf("load others' rules: %v: %s", err, out)
			}
			t.Cleanup(func() {
				if out, err := exec.Command("nft", "delete", "table", "inet", "others").CombinedOutput(); err != nil {
					t.Errorf("delete others' rules: %v: %s", err, out)
				}
			})
			forgetSoon(t)
			_ = closed.(*net.TCPConn).SetLinger(0) // an RST
			closed.Close()
			gone, there := addressOf(closed), addressOf(open)
			eventually(t, func() bool {
				if _, err := fw.askForSilent(time.Now()); err != nil {
					t.Fatal(err)
				}
				return len(rowsOf(fw, gone)) > 0
			})
			if row := rowsOf(fw, gone)[0]; row.End != flow.EndUnseen || row.Forgotten.IsZero() || !strings.HasSuffix(row.History, ".") {
				t.Errorf("it ended by %q, forgotten %v, history %q; want %q, a time, and a dot at the end", row.End, row.Forgotten, row.History, flow.EndUnseen)
			}
			if left := openOf(fw); len(left) != 1 || left[0].Tuple.Source != there {
				t.Errorf("open connections: %v, want that of %v alone", left, there)
			}
		})
	}
}

// forgetSoon has conntrack forget soon what was reset.
func forgetSoon(t *testing.T) {
	t.Helper()
	const name = "/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close"
	before, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, []byte("1"), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(name, before, 0); err != nil {
			t.Error(err)
		}
	})
}

func openOf(fw *Firewall) []flow.Connection {
	return fw.OpenConnections(10, func(*flow.Connection) bool { return true })
}

func addressOf(c net.Conn) netip.AddrPort { return netip.MustParseAddrPort(c.LocalAddr().String()) }
