package tracker

import (
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// TestClosedConnectionsAreForgotten tells how long a connection that was closed is
// remembered, of whose end conntrack tells nothing: a minute longer than conntrack
// has it; or so long that the end may come, which brings packets and bytes.
func TestClosedConnectionsAreForgotten(t *testing.T) {
	t.Parallel()
	timeouts := Timeouts{TimeWait: 30 * time.Second, LastAck: 20 * time.Second, Close: 5 * time.Second}
	for name, c := range map[string]struct {
		reset, accounting bool
		want              time.Duration
	}{
		"closed":                {want: 90 * time.Second},
		"reset":                 {reset: true, want: 65 * time.Second},
		"closed and counted":    {accounting: true, want: 4 * time.Minute},
		"reset, and is counted": {accounting: true, reset: true, want: 4 * time.Minute},
	} {
		tr := New(Config{Accounting: c.accounting, Timeouts: func() Timeouts { return timeouts }})
		shake(tr, 1, epoch)
		for _, e := range []flow.Event{
			recorded(nth(1), flow.FromClient, flow.FIN, epoch, 100, 9001),
			recorded(nth(1), flow.FromServer, flow.FINACK, epoch, 9001, 101),
		} {
			if c.reset {
				e.Flag, e.TCPFlags, e.State = flow.RST, flow.BitRST|flow.BitACK, flow.StateClose
			}
			tr.Add(&e)
		}
		tr.Tick(epoch.Add(c.want - time.Second))
		before := tr.Len()
		tr.Tick(epoch.Add(c.want + 2*time.Second))
		if after := tr.Len(); before != 1 || after != 0 {
			t.Errorf("%s: %d connections are remembered before %v, and %d after; want 1 and 0", name, before, c.want, after)
		}
	}
}
