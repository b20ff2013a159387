package diagnose

import (
	"net/netip"
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
)

// A row without an id is of the attempt of its time between the same ends, but not
// where its firewall saw that in another zone.
func TestRowsOfAnotherZoneAreAnotherAttempt(t *testing.T) {
	t.Parallel()
	tuple := flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("10.1.1.4:40000"), Dest: netip.MustParseAddrPort("10.2.1.4:22")}
	q := Question{Source: tuple.Source, Destination: tuple.Dest}
	row := func(firewall, id string, zone uint16) flow.Connection {
		return flow.Connection{ID: id, Firewall: firewall, Tuple: tuple, Zone: zone, First: ms(float64(zone)), Last: ms(100)}
	}
	for _, tt := range []struct {
		name string
		row  flow.Connection
		want int
	}{
		{"the same zone", row("fw-a", "", 1), 1},
		{"another zone", row("fw-a", "", 2), 2},
		{"an unknown one", row("fw-a", "", 0), 1},
		{"another firewall's zones are its own", row("fw-b", "", 2), 1},
	} {
		if got := Attempts(q, []flow.Connection{row("fw-a", "one", 1), tt.row}, nil); len(got) != tt.want {
			t.Errorf("%s: %d attempts, want %d", tt.name, len(got), tt.want)
		}
	}
}
