package scenario

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/logs"
)

var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// row is a row of the flow trace, so long after the beginning.
func row(t *testing.T, after time.Duration, source, dest, flag, id string) logs.Record {
	t.Helper()
	s, d := netip.MustParseAddrPort(source), netip.MustParseAddrPort(dest)
	line := fmt.Sprintf(`{"time":%q,"resourceId":"/X","category":"AZFWFlowTrace","properties":{"Protocol":"TCP",`+
		`"SourceIp":%q,"SourcePort":%d,"DestinationIp":%q,"DestinationPort":%d,"Flag":%q,"ConnectionId":%q}}`,
		began.Add(after).Format(time.RFC3339Nano), s.Addr(), s.Port(), d.Addr(), d.Port(), flag, id)
	r, err := logs.ParseJSON([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRowsOfAnAttempt(t *testing.T) {
	t.Parallel()
	const client, server, backend = "10.1.1.4:40000", "10.1.2.4:7", "10.1.2.9:70"
	r := Runner{seen: map[uint16]bool{39999: true}}
	for _, known := range []bool{true, false} {
		a := attempt{since: began, client: netip.MustParseAddrPort(client), server: netip.MustParseAddrPort(server), ids: map[string]bool{}}
		if !known {
			a.client = netip.AddrPortFrom(a.client.Addr(), 0)
		}
		for i, tt := range []struct {
			row  logs.Record
			want bool
		}{
			{row(t, -time.Second, client, server, "SYN", "old"), false},
			{row(t, 0, "10.1.1.4:39999", server, "FIN", "other"), false},
			{row(t, 0, "10.1.2.4:0", "10.1.1.4:0", "ICMP-ERROR", "mine"), false}, // not known yet
			{row(t, 1, client, server, "SYN", "mine"), true},
			{row(t, 2, server, client, "SYN-ACK", "mine"), true},
			{row(t, 2, backend, client, "SYN-ACK", "mine"), true}, // translated
			{row(t, 3, "10.1.2.4:0", "10.1.1.4:0", "ICMP-ERROR", "mine"), true},
			{row(t, 3, "10.1.2.4:0", "10.1.1.4:0", "ICMP-ERROR", "other"), false},
			{row(t, 4, "10.1.1.4:40001", server, "SYN", "next"), false},
		} {
			if got := r.has(&a, tt.row); got != tt.want {
				t.Errorf("client's port known %v, row %d: %v, want %v", known, i, got, tt.want)
			}
		}
	}
}

// Two connections on the same ports are told apart: by their time until their ids
// are known, and by their ids from then on. Were they given one id, the second
// would have no rows.
func TestRowsOfAttemptsOnTheSamePorts(t *testing.T) {
	t.Parallel()
	const client, server = "10.1.1.4:40000", "10.1.2.4:7"
	r := Runner{}
	begin := func(after time.Duration) *attempt {
		a := &attempt{since: began.Add(after), server: netip.MustParseAddrPort(server), ids: map[string]bool{}}
		r.attempts = append(r.attempts, a)
		r.uses(a, netip.MustParseAddrPort(client))
		return a
	}
	first := begin(0)
	if !first.moment().IsZero() {
		t.Errorf("the newest is asked for at %v", first.moment())
	}
	if !r.has(first, row(t, 1, client, server, "SYN", "one")) {
		t.Error("the first one's SYN is not its own")
	}
	second := begin(10 * time.Second)
	for i, tt := range []struct {
		row           logs.Record
		first, second bool
	}{
		{row(t, 10*time.Second+1, client, server, "SYN", "two"), false, true},
		{row(t, 10*time.Second+2, client, server, "RST", "one"), true, false},
		{row(t, 10*time.Second+3, server, client, "SYN-ACK", "two"), false, true},
	} {
		if a, b := r.has(first, tt.row), r.has(second, tt.row); a != tt.first || b != tt.second {
			t.Errorf("row %d: the first one's %v, the second one's %v", i, a, b)
		}
	}
	if first.moment() != began.Add(5*time.Second) || !second.moment().IsZero() {
		t.Errorf("they are asked for at %v and %v", first.moment(), second.moment())
	}
}

func TestCauses(t *testing.T) {
	t.Parallel()
	cause := diagnose.Cause{Code: diagnose.StateFlushed, Node: "fw-a", Since: began}
	for _, tt := range []struct {
		want map[string]any
		says string
	}{
		{map[string]any{"code": "state-flushed", "since": "~2026-03-01T"}, ""},
		{map[string]any{"since": "~2025"}, "cause.since is 2026-03-01T12:00:00Z, expected ~2025"},
		{map[string]any{"side": "~"}, "cause.side is <nil>, expected ~"},
		{map[string]any{"node": "fw"}, "cause.node is fw-a, expected fw"},
	} {
		err := compareCause(cause, tt.want)
		if (err == nil) != (tt.says == "") || err != nil && err.Error() != tt.says {
			t.Errorf("%v: %v, want %q", tt.want, err, tt.says)
		}
	}
}

func TestExpectationsAboutRows(t *testing.T) {
	t.Parallel()
	rows := []logs.Record{
		row(t, 0, "10.1.1.4:40000", "10.1.2.4:7", "SYN", "a"),
		row(t, 1, "10.1.2.4:7", "10.1.1.4:40000", "RST", "a"),
	}
	text := func(s string) *string { return &s }
	type list = []map[string]string
	for _, tt := range []struct {
		e    Expectation
		want string
	}{
		{Expectation{Flags: text("SYN RST")}, ""},
		{Expectation{Flags: text("SYN")}, `flags are "SYN RST", expected "SYN"`},
		{Expectation{AtLeast: 3}, "2 rows, expected at least 3"},
		{Expectation{Rows: list{{"Flag": "SYN", "SourcePort": "40000"}, {"Protocol": "TCP"}}}, ""},
		{Expectation{Rows: list{{"SourcePort": "40000"}}}, `column SourcePort is "7", expected "40000"`},
		{Expectation{Rows: list{{"Flag": "FIN"}}}, `no row with Flag "FIN"`},
		{Expectation{Some: list{{"SourcePort": "7"}, {"SourceIp": "~1.1"}}}, ""},
		{Expectation{Some: list{{"SourcePort": "8"}}}, "none of 2 rows has map[SourcePort:8]"},
		{Expectation{Some: list{{"Rule": ""}}}, ""},
	} {
		_, err := tt.e.compare(rows)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.e, err, tt.want)
		}
	}
}
