package diagnose

import (
	"net/netip"
	"testing"
	"time"

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

// Of a time that is asked for, the nearest attempt counts, but none of another week.
func TestAttemptOfTheTime(t *testing.T) {
	t.Parallel()
	tuple := flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("10.1.1.4:40000"), Dest: netip.MustParseAddrPort("10.2.1.4:22")}
	monday := time.Date(2026, 11, 30, 10, 59, 44, 0, time.UTC)
	row := flow.Connection{ID: "one", Firewall: "fw-a", Tuple: tuple, First: monday, Last: monday.Add(time.Hour),
		Verdict: flow.Verdict{Outcome: flow.Denied, Certainty: flow.Certain}}
	for _, tt := range []struct {
		name string
		at   time.Time
		want flow.Outcome
	}{
		{"the newest", time.Time{}, flow.Denied},
		{"while it lasted", monday.Add(time.Minute), flow.Denied},
		{"the day after", monday.Add(25 * time.Hour), flow.Denied},
		{"two days before", monday.Add(-Farthest), flow.Denied},
		{"longer before", monday.Add(-Farthest - time.Second), flow.NotSeen},
		{"longer after", monday.Add(time.Hour + Farthest + time.Second), flow.NotSeen},
		{"Tuesday before", time.Date(2026, 11, 24, 9, 17, 0, 0, time.UTC), flow.NotSeen},
	} {
		v := Diagnose(Case{Asked: Question{Source: tuple.Source, Destination: tuple.Dest, At: tt.at}, Connections: []flow.Connection{row}, Now: monday.Add(time.Hour)})
		if v.Outcome != tt.want || tt.want == flow.NotSeen && v.Certainty == flow.Certain {
			t.Errorf("%s: the outcome is %s, %s, want %s", tt.name, v.Outcome, v.Certainty, tt.want)
		}
	}
}
