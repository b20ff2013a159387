package drops

import (
	"encoding/binary"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
)

// tracking makes conntrack work.
const tracking = `table inet other { chain c { type filter hook forward priority 0; ct state invalid counter; }; }`

// A full table: the packet is dropped before the forward hook, and both sources
// tell. The limit is one for the host, but compared with each namespace's own
// number of entries.
func TestAFullTable(t *testing.T) {
	w := newWorld(t, Config{})
	w.rules(tracking)
	text, err := os.ReadFile("/proc/sys/net/netfilter/nf_conntrack_max")
	if err != nil {
		t.Fatal(err)
	}
	limit, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if limit == 0 || limit > 300_000 {
		t.Skipf("it would take %d entries to fill the table", limit)
	}
	t.Cleanup(func() {
		if err := netlink.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
			t.Error(err)
		}
	})
	fill(t, limit)
	before := counters(t)
	for range 3 {
		w.send(w.tcp("S", 1, server4))
	}
	var packets uint64
	for _, d := range w.drops() {
		packets += d.Count
		if d.Reason != "NETFILTER_DROP" || d.Hook != "prerouting" || d.Tuple != tuple4 {
			t.Errorf("drop %+v", d)
		}
	}
	moved := Moved(before, counters(t))
	if packets != 3 || len(moved) != 1 || moved[0].Reason != "drop" || moved[0].Count != 3 {
		t.Errorf("%d packets dropped, counters %+v", packets, moved)
	}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	before := ConntrackCounters{Time: time.Unix(8, 0), Drop: 1, EarlyDrop: 1<<32 - 2, InsertFailed: 5, ChainTooLong: 7}
	after := ConntrackCounters{Time: time.Unix(9, 0), Drop: 4, EarlyDrop: 1, InsertFailed: 5, ChainTooLong: 8}
	row := func(name string, n uint64) flow.Drop {
		return flow.Drop{Time: time.Unix(9, 0), From: time.Unix(8, 0), Source: flow.DropConntrack, Reason: name, Count: n}
	}
	want := []flow.Drop{row("drop", 3), row("early_drop", 3), row("chaintoolong", 1)}
	if diff := cmp.Diff(want, Moved(before, after), cmp.Comparer(func(a, b flow.Tuple) bool { return a == b })); diff != "" {
		t.Errorf("Moved() (-want +got):\n%s", diff)
	}
	if moved := Moved(after, after); moved != nil {
		t.Errorf("nothing moved: %+v", moved)
	}
}

func TestAnswersAreSummed(t *testing.T) {
	t.Parallel()
	var c ConntrackCounters
	for range 2 {
		answer := []byte{unix.AF_UNSPEC, 0, 0, 0}
		for kind, n := range map[int]uint32{ctaStatsDrop: 1<<31 + 1, ctaStatsEarlyDrop: 2, ctaStatsInsertFailed: 3, ctaStatsChainTooLong: 4, 1: 99} {
			answer = append(answer, nl.NewRtAttr(kind, binary.BigEndian.AppendUint32(nil, n)).Serialize()...)
		}
		if err := c.add(answer); err != nil {
			t.Fatal(err)
		}
	}
	if want := (ConntrackCounters{Drop: 2, EarlyDrop: 4, InsertFailed: 6, ChainTooLong: 8}); c != want {
		t.Errorf("%+v, want %+v", c, want)
	}
	if err := c.add(nil); err == nil {
		t.Error("an answer without header was taken")
	}
}

func counters(t *testing.T) ConntrackCounters {
	t.Helper()
	c, err := ReadConntrackCounters()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fill makes so many entries that the kernel will not throw out for new ones.
func fill(t *testing.T, n int) {
	t.Helper()
	var entries [][]byte
	for i := range n {
		client := endpoint{10, 8, byte(i >> 8), byte(i), 1, byte(i >> 16)}
		entries = append(entries, entry(client, endpoint{10, 9, 2, 2, 0, 53}))
		if len(entries) == 500 || i == n-1 {
			insert(t, entries...)
			entries = entries[:0]
		}
	}
}
