package segment

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// sorted is a batch of rows of altered events, and the rows in their order.
func sorted(n int, alter func(e *flow.Event)) (*batch, order) {
	traffic := newTraffic(3)
	traffic.rows(n)
	for i := range traffic.events[:n] {
		alter(&traffic.events[i])
	}
	b := newBatch(logs.FlowTrace)
	b.add(traffic.fresh(traffic.events[:n]))
	var s sorter
	return b, s.sort(b)
}

// byFlag are the values of a column, in that order, by the rows' flags.
func (b *batch) byFlag(o order, name string) map[string][]any {
	values, flags, c := map[string][]any{}, b.column(flagColumn), b.column(name)
	for _, row := range o.rows {
		code, _ := flags.value(int(row))
		flag := string(flags.dict.at(code))
		n, _ := c.value(int(row))
		value := any(n)
		if c.kind == isText {
			value = string(c.dict.at(n))
		}
		values[flag] = append(values[flag], value)
	}
	return values
}

// runs is how many sequences of the same value there are.
func runs(values []any) int { return len(slices.Compact(slices.Clone(values))) }

// Connections come in the order that takes the least room for that traffic.
func TestTheTrafficDecidesOnTheOrder(t *testing.T) {
	t.Parallel()
	const rows = 20_000
	asItIs := func(*flow.Event) {}
	ownServers := func(e *flow.Event) {
		c := &e.Connection
		c.Dest = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 3, byte(c.Source.Port() >> 8), byte(c.Source.Port())}), c.Dest.Port())
		if e.Packet = *c; e.Direction == flow.Reply {
			e.Packet = e.Packet.Reverse()
		}
	}
	keptByProcessors := func(e *flow.Event) {
		ownServers(e)
		e.Number.CPU = e.Connection.Source.Port() % 2
		e.Number.Seq = uint64(e.Number.CPU)<<32 + uint64(e.Time.UnixMicro())%1e9/100
	}
	for _, test := range []struct {
		name       string
		alter      func(*flow.Event)
		column     string
		less, more int // runs of the column's values among the SYNs
	}{
		{"rules that follow from the server: servers together", asItIs, "DestinationIp", 1500, 20},
		{"each connection has a server of its own: the order of time", ownServers, "EventCpu", 4000, 1000},
		{"processors that keep connections: processors together", keptByProcessors, "EventCpu", 20, 2},
	} {
		b, o := sorted(rows, test.alter)
		if n := runs(b.byFlag(o, test.column)["SYN"]); n < test.more || n > test.less {
			t.Errorf("%s: %s has %d runs", test.name, test.column, n)
		}
		ids := b.byFlag(o, connectionColumn)
		complete := func(flag string) []any {
			return slices.DeleteFunc(slices.Clone(ids[flag]), func(id any) bool { return !slices.Contains(ids["FIN-ACK"], id) })
		}
		for _, flag := range []string{"SYN", "SYN-ACK", "ACK", "FIN"} {
			got := complete(flag)
			if diff := cmp.Diff(ids["FIN-ACK"], got); diff != "" {
				t.Errorf("%s: connections by %s are not in the order of those by FIN-ACK:\n%.500s", test.name, flag, diff)
			}
			var ended []any
			for _, id := range ids[flag] {
				ended = append(ended, slices.Contains(got, id))
			}
			if n := runs(ended); n > 100 { // two for each server or processor
				t.Errorf("%s: connections that have not ended are among the others by %s, %d times", test.name, flag, n)
			}
		}
		if len(slices.Compact(slices.Sorted(slices.Values(o.rows)))) != rows {
			t.Errorf("%s: not all rows are there once", test.name)
		}
	}
}

// Where one server's connections end, the next one's are of about the same time.
func TestNoStepGoesOverAllTheTime(t *testing.T) {
	t.Parallel()
	b, o := sorted(20_000, func(*flow.Event) {})
	times := b.byFlag(o, timeColumn)["SYN"]
	span := slices.MaxFunc(times, func(a, b any) int { return int(a.(int64) - b.(int64)) }).(int64) -
		slices.MinFunc(times, func(a, b any) int { return int(a.(int64) - b.(int64)) }).(int64)
	far := 0
	for i, at := range times[1:] {
		if step := at.(int64) - times[i].(int64); max(step, -step) > span/2 {
			far++
		}
	}
	if far > 6 { // of some sixty runs, half of which would begin so
		t.Errorf("%d steps over more than half of the time", far)
	}
}

// Many rows, of which those of each flag are compressed with statistics of their
// own, are the same for another reader after they were merged.
func TestAnotherReaderSeesManyMergedRows(t *testing.T) {
	t.Parallel()
	f := openFolder(t, t.TempDir(), Options{})
	take(t, f, 1, split(newTraffic(4).rows(40_000), 2000)...)
	sum := func() string {
		var paths []string
		for _, i := range all(f) {
			paths = append(paths, "'"+i.Path+"'")
		}
		return fmt.Sprint(duck(t, fmt.Sprintf("SELECT count(*), sum(hash(r)::HUGEINT), min(TimeGenerated), max(EventNumber) FROM read_parquet([%s]) r", strings.Join(paths, ","))))
	}
	before := sum()
	must(t, f.Merge(context.Background()))
	if merged := all(f); len(merged) != 1 {
		t.Fatalf("%d segments are left", len(merged))
	}
	if after := sum(); after != before {
		t.Errorf("before %s, after %s", before, after)
	}
}

func TestLasting(t *testing.T) {
	t.Parallel()
	for long, want := range map[time.Duration]int64{0: 0, 1999 * time.Millisecond: 0, 2 * time.Second: 1, 7 * time.Second: 1,
		8 * time.Second: 2, 31 * time.Second: 2, 32 * time.Second: 3, 2000 * time.Hour: 11, 1 << 62: longest} {
		if got := lasting(long.Microseconds()); got != want {
			t.Errorf("lasting(%v) = %d, want %d", long, got, want)
		}
	}
}
