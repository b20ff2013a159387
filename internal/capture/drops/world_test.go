package drops

import (
	"context"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// enforced is the configuration with the ruleset's marks, and enforce how the
// ruleset drops with them.
var enforced = Config{MarkMask: 0x00ffffff, MarkDropped: 0x00fffffe}

const enforce = "meta mark set meta mark & 0xff000000 | 0x00fffffe drop"

// world is a router with a watcher. Packets come from the client.
type world struct {
	testing.TB
	router  *testnet.Router
	watcher *Watcher
	before  Stats
}

func newWorld(t *testing.T, config Config) *world {
	t.Helper()
	testnet.NeedRoot(t)
	w := &world{TB: t}
	// The kernel greets on new interfaces: let it do so at once.
	for _, version := range []string{"1", "2"} {
		w.sysctl("ipv6/conf/default/mldv"+version+"_unsolicited_report_interval", "1")
	}
	w.router = testnet.NewRouter(t)
	w.open(config)
	w.settle()
	return w
}

func (w *world) open(config Config) {
	watcher, err := Open(config)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { watcher.Close() })
	w.watcher = watcher
}

// settle waits until the kernel drops no packets of its own, and forgets those
// that it dropped. From then on, packets can be counted.
func (w *world) settle() {
	w.Helper()
	for quiet := 0; quiet < 5; quiet++ {
		before := w.stats().Sent
		time.Sleep(20 * time.Millisecond)
		if w.stats().Sent != before {
			quiet = 0
		}
	}
	w.drops()
	w.before = w.stats()
}

func (w *world) sysctl(key, value string) {
	w.Helper()
	if err := os.WriteFile("/proc/sys/net/"+key, []byte(value), 0); err != nil {
		w.Fatal(err)
	}
}

// rules puts rules of somebody else's in force, for the test's time.
func (w *world) rules(text string) {
	w.Helper()
	load(w, text)
	w.Cleanup(func() { load(w, "") })
}

func load(t testing.TB, text string) {
	t.Helper()
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader("flush ruleset\n" + text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v\n%s", err, out)
	}
}

// tcp is a packet of the client's, of the family of its destination.
func (w *world) tcp(flags string, port uint16, dest string) []byte {
	w.Helper()
	to := netip.MustParseAddrPort(dest)
	source := w.router.Client.Address
	if to.Addr().Is6() {
		source = w.router.Client.Address6
	}
	return testnet.TCP{Source: netip.AddrPortFrom(source, port), Dest: to, Flags: flags, Seq: 1}.Bytes(w)
}

func (w *world) send(packet []byte) {
	w.Helper()
	w.router.Client.Send(w, packet)
}

// drops reads what there is of the router itself: what comes out of it is
// dropped at the wires' other ends, which are in the same namespace.
func (w *world) drops() []flow.Drop {
	w.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var all []flow.Drop
	err := w.watcher.Run(ctx, func(batch []flow.Drop) {
		for _, d := range batch {
			if !strings.HasSuffix(d.Interface, "-wire") {
				all = append(all, d)
			}
		}
	})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// since is what was counted since the world was quiet.
func (w *world) since() Stats {
	w.Helper()
	s := w.stats()
	s.Sent -= w.before.Sent
	s.Folded -= w.before.Folded
	s.Suppressed -= w.before.Suppressed
	s.Lost -= w.before.Lost
	return s
}

// stats reads the counters in a moment in which they add up. Other tests drop
// packets on other CPUs; a packet that is never counted spoils every moment.
func (w *world) stats() Stats {
	w.Helper()
	for range 1000 {
		s, err := w.watcher.Stats()
		if err != nil {
			w.Fatal(err)
		}
		if s.Seen == s.Sent+s.Folded+s.Suppressed+s.Lost+s.Filtered.Total() {
			return s
		}
		time.Sleep(time.Millisecond)
	}
	w.Fatal("the counters do not add up")
	return Stats{}
}

// ip4 is the header of a packet that may go one hop more.
func ip4(protocol layers.IPProtocol) *layers.IPv4 {
	return &layers.IPv4{Version: 4, TTL: 1, Protocol: protocol, SrcIP: []byte{10, 9, 1, 2}, DstIP: []byte{10, 9, 2, 2}}
}
