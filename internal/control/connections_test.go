package control

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
)

func TestConnectionOptionsSurviveTheirQuery(t *testing.T) {
	t.Parallel()
	for _, o := range []ConnectionOptions{
		{},
		{Last: -1, Open: true},
		{Last: 7, Follow: true, Outcomes: []flow.Outcome{flow.NoReply, flow.ReplyBypasses}, Filter: flow.Filter{Ports: []uint16{22}, Flags: []flow.Flag{flow.RST}}},
	} {
		got, err := parseConnectionOptions(o.query())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o, got); diff != "" {
			t.Errorf("(-sent +read):\n%s", diff)
		}
	}
}

func TestConnectionOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"filter=hots+10.1.1.4": `unknown word "hots"`,
		"outcome=gone":         `outcome "gone": the outcomes are`,
		"last=many":            `last="many"`,
	} {
		if _, err := parseConnectionOptions(parseQuery(t, query)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", query, err, want)
		}
	}
}

func parseQuery(t *testing.T, text string) url.Values {
	t.Helper()
	v, err := url.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestWhichConnectionsAreSent(t *testing.T) {
	t.Parallel()
	c := &flow.Connection{Tuple: flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("10.1.1.4:40000"), Dest: netip.MustParseAddrPort("10.1.2.4:22")},
		SYNs: 3, Verdict: flow.Verdict{Outcome: flow.NoReply}}
	for query, want := range map[string]bool{
		"": true, "open=true": true, "outcome=no-reply,stalled": true, "outcome=completed": false,
		"filter=port+22": true, "filter=port+443": false, "filter=flag+syn-ack": false,
	} {
		o, err := parseConnectionOptions(parseQuery(t, query))
		if err != nil {
			t.Fatal(err)
		}
		if got := o.Keeps(c); got != want {
			t.Errorf("%q keeps it: %v, want %v", query, got, want)
		}
	}
	c.End = flow.EndTimeout
	if o := (ConnectionOptions{Open: true}); o.Keeps(c) {
		t.Error("a connection that ended is kept as open")
	}
}
