package control

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

func TestTraceOptionsSurviveTheirQuery(t *testing.T) {
	t.Parallel()
	for _, o := range []TraceOptions{
		{},
		{Last: -1, Follow: true, Mark: true},
		{Last: 7, Table: "all", AzureOnly: true, Filter: flow.Filter{Ports: []uint16{22}}},
	} {
		got, err := parseTraceOptions(o.query())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o, got); diff != "" {
			t.Errorf("(-sent +read):\n%s", diff)
		}
	}
}

func TestNoticesAreNoRows(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 16, 0, 0, 123456000, time.UTC)
	for want, n := range map[string]Notice{
		`{"missed":120}`:    {Missed: 120},
		`{"remembered":{}}`: {Remembered: &Remembered{}},
		`{"remembered":{"since":"2026-11-29T16:00:00.123456Z"}}`: {Remembered: &Remembered{Since: at}},
	} {
		var written bytes.Buffer
		tell(&written, n)
		if got := strings.TrimSuffix(written.String(), "\n"); got != want {
			t.Errorf("wrote %s, want %s", got, want)
		}
		record, got, err := ParseTraceLine([]byte(want))
		if err != nil || record.Table() != nil {
			t.Errorf("%s: a row of %v, error %v", want, record.Table(), err)
		}
		if diff := cmp.Diff(n, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want, diff)
		}
	}
}

// What a mark says is how far back the firewall looked, not how far back it found
// something.
func TestAMarkKnowsTheOldestThatWasLookedAt(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 16, 0, 0, 0, time.UTC)
	out := &traceWriter{options: TraceOptions{Table: logs.NetworkRule.Name}}
	for back := range 3 {
		row := logs.StateRow(logs.State{Time: at.Add(-time.Duration(back) * time.Minute)}, &logs.Source{})
		if out.keeps(firewall.Entry{Rows: []logs.Row{row}}) {
			t.Error("a row of another table is kept")
		}
	}
	if out.keeps(firewall.Entry{}) {
		t.Error("an entry without rows is kept")
	}
	if want := at.Add(-2 * time.Minute); !out.oldest.Equal(want) {
		t.Errorf("the oldest is of %v, want %v", out.oldest, want)
	}
}
