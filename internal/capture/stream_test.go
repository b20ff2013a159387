package capture

import (
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
)

// What conntrack's window tracking says at the end of real connections: all
// was acknowledged, or so much was not.
func TestStreamsAtTheEndOfAConnection(t *testing.T) {
	s := newSockets(t)
	const n = 1000
	known := func(sent, unacked uint32) flow.Stream { return flow.Stream{Known: true, Sent: sent, Unacked: unacked} }
	tests := []struct {
		name            string
		rules           string // of both hosts, after the first exchange
		end             func()
		flag            flow.Flag
		original, reply flow.Stream // Sent: after the initial sequence number
	}{
		{"client resets, all acknowledged", "", func() { s.reset(s.client) },
			flow.RST, known(1+n, 0), known(1+n, 0)},
		{"server resets, all acknowledged", "", func() { s.reset(s.server) },
			flow.RST, known(1+n, 0), known(1+n, 0)},
		{"client resets, its data has not arrived", loss, func() { s.write(s.client, n); s.reset(s.client) },
			flow.RST, known(1+2*n, n), known(1+n, 0)},
		{"server resets, its data has not arrived", loss, func() { s.write(s.server, n); s.reset(s.server) },
			flow.RST, known(1+n, 0), known(1+2*n, n)},
		{"server resets, the client's data has not arrived", loss, func() { s.write(s.client, n); s.reset(s.server) },
			flow.RST, known(1+2*n, n), known(1+n, 0)},
		// The RST acknowledges it: that it was never read nobody can see.
		{"server resets, the client's data was not read", "", func() { s.write(s.client, n); s.arrives(s.server, n); s.reset(s.server) },
			flow.RST, known(1+2*n, 0), known(1+n, 0)},
		{"client closes", "", func() { s.must(s.client.Close()) },
			flow.FIN, known(2+n, 1), known(1+n, 0)},
		{"client closes, its data has not arrived", loss, func() { s.write(s.client, n); s.must(s.client.Close()) },
			flow.FIN, known(2+2*n, n+1), known(1+n, 0)},
		{"server closes after the client", "", func() { s.must(s.client.Close()); s.drain(s.server); s.must(s.server.Close()) },
			flow.FINACK, known(2+n, 0), known(2+n, 1)},
	}
	for _, tt := range tests {
		s.connect()
		s.exchange(n)
		s.rules(tt.rules)
		tt.end()
		events := s.until(tt.flag)
		last := events[len(events)-1]
		got := [2]flow.Stream{last.OriginalStream, last.ReplyStream}
		got[0].Sent -= events[0].Seq
		got[1].Sent -= events[1].Seq
		if want := [2]flow.Stream{tt.original, tt.reply}; got != want {
			t.Errorf("%s: %+v at the %v, want %+v", tt.name, got, tt.flag, want)
		}
		s.end()
	}
}
