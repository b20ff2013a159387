package firewall

import (
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// What no router forwards is no news.
func TestWhichDropsAreTold(t *testing.T) {
	t.Parallel()
	f := &Firewall{source: &logs.Source{Firewall: "fw"}, stream: newStream(&logs.Source{Firewall: "fw"}, &rowsTold{}), policies: &policies{}, connections: noConnections()}
	f.outputs.Store(noOutputs())
	from := netip.MustParseAddrPort("10.1.1.4:40000")
	drop := func(to string) flow.Drop {
		return flow.Drop{Source: flow.DropKfreeSKB, Reason: "X",
			Tuple: flow.Tuple{Protocol: flow.TCP, Source: from, Dest: netip.MustParseAddrPort(to)}}
	}
	f.takeDrops([]flow.Drop{drop("10.1.2.4:22"), drop("224.0.0.251:5353"), drop("[ff02::16]:0"), drop("[fe80::1]:0"),
		drop("255.255.255.255:67")})
	told := f.Recent(-1, func(Entry) bool { return true })
	if len(told) != 1 || told[0].Packet.Dest.Port() != 22 {
		t.Errorf("told: %+v", told)
	}
}

// Somebody else's rules at the same hook drop what ours would allow, and also
// what ours would drop: each has its row, and what ours drop has none there, but
// what somebody keeps from conntrack: of that there is no event.
func TestKernelDropsAreExactlyThoseOfOthers(t *testing.T) {
	testnet.NeedRoot(t)
	s := newStage(t)
	nft := exec.Command("nft", "-f", "-")
	nft.Stdin = strings.NewReader(`table inet other { chain c { type filter hook forward priority -10; tcp dport { 9, 4000 } tcp sport 41000-41999 drop; };
		chain early { type filter hook prerouting priority raw; tcp sport 42001 notrack; }; }`)
	if out, err := nft.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("nft", "delete", "table", "inet", "other").CombinedOutput(); err != nil {
			t.Errorf("nft: %v\n%s", err, out)
		}
	})
	client, server := s.router.Client.Address, s.router.Server.Address
	send := func(flags string, source, dest uint16) {
		s.router.Client.Send(t, testnet.TCP{Source: netip.AddrPortFrom(client, source), Dest: netip.AddrPortFrom(server, dest), Flags: flags, Seq: 1}.Bytes(t))
	}
	send("A", 40001, markerPort) // ours: INVALID
	send("S", 40002, 4000)       // ours: denied by default
	send("A", 41001, markerPort) // INVALID
	send("A", 41002, 4000)       // INVALID
	send("S", 41003, markerPort) // allowed
	send("S", 41004, 4000)       // denied
	send("S", 42001, markerPort) // untracked, dropped by us without an event
	want := []string{"A 41001 9", "A 41002 4000", "S 41003 9", "S 41004 4000", "S 42001 9"}
	var got []string
	for deadline := time.Now().Add(20 * time.Second); len(got) < len(want) && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		got = kernelDrops(s.fw, client)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows of KernelDrop (-want +got):\n%s", diff)
	}
}

// kernelDrops are the rows about packets of a host, in order of its ports.
func kernelDrops(f *Firewall, source netip.Addr) (rows []string) {
	for _, e := range f.Recent(-1, func(e Entry) bool { return e.Packet.Source.Addr() == source }) {
		for _, r := range e.Rows {
			if r.Table() == logs.KernelDrop {
				rows = append(rows, fmt.Sprintf("%.1s %v %v", r.Get("TcpFlags"), r.Get("SourcePort"), r.Get("DestinationPort")))
			}
		}
	}
	slices.SortFunc(rows, func(a, b string) int { return strings.Compare(a[2:], b[2:]) })
	return rows
}

// Counters of watchers that have ended are there until they are told, and those that
// nobody can read are told without a number.
func TestCountsOfWatchersThatEnded(t *testing.T) {
	t.Parallel()
	w := &watchedDrops{left: []drops.Count{{Watcher: "1", Packets: 5}, {Watcher: "2", Packets: 7}, {Watcher: "3", Err: errors.New("too new")}}}
	check := func(want map[string]uint64) {
		t.Helper()
		if diff := cmp.Diff(want, w.counts()); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
	}
	check(map[string]uint64{"1": 5, "2": 7})
	if err := w.forget(map[string]uint64{"1": 5, "2": 6}); err != nil {
		t.Error(err)
	}
	check(map[string]uint64{"2": 7})
	for _, want := range []int{1, 0} {
		losses := w.unreadable()
		if len(losses) != want || want > 0 && (losses[0].Count != 0 || losses[0].Place != logs.DropLoss || !strings.Contains(losses[0].Reason, "too new")) {
			t.Errorf("losses %+v, want %d", losses, want)
		}
	}
}
