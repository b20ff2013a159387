package diagnose

import (
	"net/netip"

	"github.com/sekisho/sekisho/internal/flow"
)

// conversation is who talks to whom, as far as the question and the rows tell.
type conversation struct {
	protocol       flow.Protocol
	client, server netip.AddrPort
	// translated is what a firewall, the translator, makes of it; invalid where
	// nothing is translated.
	translated flow.Tuple
	translator string
}

// tuple is the connection as its client knows it.
func (c *conversation) tuple() flow.Tuple {
	return flow.Tuple{Protocol: c.protocol, Source: c.client, Dest: c.server}
}

// converse takes the endpoints from the rows, or from the question where there
// are none.
func converse(q Question, a *Attempt, known []Translation) conversation {
	c := conversation{protocol: q.protocol(), client: unmapped(q.Source), server: unmapped(q.Destination)}
	for i := range a.Rows {
		row := &a.Rows[i]
		if i == 0 || row.Translated.IsValid() {
			c.client, c.server = unmapped(row.Tuple.Source), unmapped(row.Tuple.Dest)
		}
		if row.Translated.IsValid() {
			c.translated, c.translator = row.Translated, row.Firewall
			return c
		}
	}
	for _, k := range known {
		if q.matches(k.Original) && (len(a.Rows) == 0 || k.Original == c.tuple()) {
			c.translated, c.translator = k.Translated, k.Firewall
		}
	}
	return c
}
