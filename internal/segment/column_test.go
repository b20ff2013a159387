package segment

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// A column has what was put into it, in whatever way: one by one, many at once,
// with and without values, the same again and again.
func TestAColumnHasWhatWasPutIntoIt(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		values := 1 + random.IntN(3)
		c, want := column{}, []any{}
		for range random.IntN(12) {
			n := 1 + random.IntN(5)
			switch number := int64(random.IntN(values)); random.IntN(5) {
			case 0:
				c.put(number)
				want = append(want, number)
			case 1:
				c.skip(n)
				want = append(want, make([]any, n)...)
			case 2:
				if len(want) > 0 {
					c.again(n)
					want = append(want, slices.Repeat(want[len(want)-1:], n)...)
				}
			default:
				nums, there := make([]int64, n), random.Uint64()
				for i := range nums {
					nums[i] = int64(random.IntN(values))
					if there>>i&1 == 1 {
						want = append(want, nums[i])
					} else {
						want = append(want, nil)
					}
				}
				c.putAll(nums, there&(1<<n-1))
			}
		}
		got, present := []any{}, 0
		for row := range c.rows {
			n, there := c.value(row)
			if !there {
				got = append(got, nil)
				continue
			}
			got, present = append(got, n), present+1
		}
		if diff := cmp.Diff(want, got); diff != "" || present != c.present {
			t.Fatalf("seed %d: %d present, said %d (-put +had):\n%s", seed, present, c.present, diff)
		}
	}
}

// Each text has one code, however many there are and whether it is the same
// place in memory or not.
func TestADictionaryKnowsEachText(t *testing.T) {
	t.Parallel()
	var d dictionary
	for range 2 {
		for n := range 20_000 {
			text := fmt.Sprint("text ", n%7000)
			if code := d.text(text); code != int64(n%7000) || string(d.at(code)) != text {
				t.Fatalf("%q has the code %d, which is %q", text, code, d.at(code))
			}
		}
		d.reset()
	}
	for n := range 20_000 { // addresses that share their last bytes
		a := netip.AddrFrom4([4]byte{10, byte(n % 3), byte(n % 50), byte(n % 7)})
		if code := d.address(a); string(d.at(code)) != a.String() {
			t.Fatalf("%v is %q", a, d.at(code))
		}
	}
}

// Of each flag, the connections of a busy server come together and in the order
// of time, and then all others in the order of time.
func TestConnectionsOfABusyServerComeTogether(t *testing.T) {
	t.Parallel()
	b := newBatch(logs.FlowTrace)
	server := func(i int) string { // every other one is the busy server's
		if i%2 == 0 {
			return "10.0.0.1"
		}
		return fmt.Sprint("10.0.1.", i)
	}
	var rows []logs.Row
	const connections = 2 * busyServer
	for i := range 2 * connections {
		there := flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("10.9.9.9:40000"),
			Dest: netip.AddrPortFrom(netip.MustParseAddr(server(i%connections)), 443)}
		e := flow.Event{Time: time.Unix(int64(i), 0), Flag: flow.SYN, Packet: there, Connection: there, Direction: flow.Original, ConnectionID: fmt.Sprint(i % connections)}
		if i >= connections {
			e.Flag, e.Packet, e.Direction = flow.SYNACK, there.Reverse(), flow.Reply
		}
		rows = append(rows, logs.Rows(&e, fwHub, logs.Rule{})[0])
	}
	b.add(rows)
	var want []int32
	for flag := range int32(2) {
		for _, busy := range []int32{0, 1} {
			for i := busy; i < connections; i += 2 {
				want = append(want, flag*connections+i)
			}
		}
	}
	var s sorter
	if diff := cmp.Diff(want, s.sort(b).rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
