package tracker

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
)

// All that are open and silent have their turn, and nothing else has.
func TestSilentOnesHaveTheirTurn(t *testing.T) {
	t.Parallel()
	tr := New(Config{})
	const all, look, most = 1000, 64, 5
	for n := range all {
		shake(tr, n, epoch)
	}
	half := recorded(nth(all), flow.FromClient, flow.SYN, epoch, 1, 0)
	tr.Add(&half)
	for n := range all / 2 { // these close
		for _, e := range []flow.Event{
			recorded(nth(n), flow.FromClient, flow.FIN, epoch, 100, 9001),
			recorded(nth(n), flow.FromServer, flow.FINACK, epoch, 9001, 101),
		} {
			tr.Add(&e)
		}
	}
	shake(tr, all+1, epoch.Add(time.Minute)) // not silent
	if got := tr.Silent(epoch, look, most); len(got) > 0 {
		t.Errorf("%v were silent before there was anything", got)
	}
	seen := map[Name]int{}
	for range 4 * all / most {
		list := tr.Silent(epoch.Add(time.Second), look, most)
		if len(list) > most {
			t.Fatalf("%d at once, want at most %d", len(list), most)
		}
		for _, n := range list {
			seen[n]++
		}
	}
	for n := all / 2; n < all; n++ {
		if seen[Name{Tuple: nth(n)}] == 0 {
			t.Errorf("%v had no turn", nth(n))
		}
	}
	if len(seen) != all/2 {
		t.Errorf("%d had a turn, want the %d that are open and silent", len(seen), all/2)
	}
}

// A connection that conntrack does not know ends, if it was silent until then: not
// one that was closed, or that went on.
func TestUnknownToConntrack(t *testing.T) {
	t.Parallel()
	var rows []flow.Connection
	tr := New(Config{Tell: func(c *flow.Connection) { rows = append(rows, *c) }})
	at := epoch.Add(10 * time.Minute)
	for n := range 3 {
		shake(tr, n, epoch)
	}
	reset := recorded(nth(1), flow.FromServer, flow.RST, epoch, 9001, 9)
	tr.Add(&reset)
	later := recorded(nth(2), flow.FromClient, flow.FIN, at.Add(time.Second), 200, 9001)
	tr.Add(&later)
	rows = nil
	for n := range 4 {
		tr.Unknown(Name{Tuple: nth(n)}, at)
	}
	if len(rows) != 1 {
		t.Fatalf("%d rows, want one", len(rows))
	}
	type told struct {
		Tuple   flow.Tuple
		End     flow.EndReason
		History string
		Outcome flow.Outcome
	}
	got := told{rows[0].Tuple, rows[0].End, rows[0].History, rows[0].Verdict.Outcome}
	if diff := cmp.Diff(told{nth(0), flow.EndUnseen, "ShA.", flow.ActiveNow}, got, cmp.Comparer(func(a, b flow.Tuple) bool { return a == b })); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	open := slices.Collect(func(yield func(flow.Tuple) bool) {
		tr.Open(func(c *flow.Connection) bool { return yield(c.Tuple) })
	})
	if !slices.Equal(open, []flow.Tuple{nth(2)}) {
		t.Errorf("open: %v, want only %v", open, nth(2))
	}
}
