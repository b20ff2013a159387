package tracker

import "github.com/sekisho/sekisho/internal/flow"

// Known reports whether there is a connection between two endpoints, given in
// either direction, as its client or as its server names them, and the id of
// the newest; empty where that is not known.
func (t *Tracker) Known(tuple flow.Tuple) (id string, known bool) {
	k, _ := keyOf(tuple)
	c := t.lookup(k)
	if c == nil {
		return "", false
	}
	return c.id, true
}
