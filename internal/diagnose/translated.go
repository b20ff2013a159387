package diagnose

import (
	"slices"

	"github.com/sekisho/sekisho/internal/flow"
)

// turned exchanges client and server.
func turned(c flow.Connection) flow.Connection {
	c.Tuple, c.Translated = c.Tuple.Reverse(), c.Translated.Reverse()
	for _, pair := range []*[2]int{&c.FINs, &c.RSTs, &c.Retransmits} {
		pair[0], pair[1] = pair[1], pair[0]
	}
	c.MSS[0], c.MSS[1] = c.MSS[1], c.MSS[0]
	c.TTL[0], c.TTL[1] = c.TTL[1], c.TTL[0]
	c.Unacked[0], c.Unacked[1] = c.Unacked[1], c.Unacked[0]
	if c.Invalid != nil {
		packet := *c.Invalid
		packet.Way = 1 - packet.Way
		c.Invalid = &packet
	}
	switch c.Verdict.By {
	case flow.Client:
		c.Verdict.By = flow.Server
	case flow.Server:
		c.Verdict.By = flow.Client
	}
	return c
}

// linkTranslated puts an attempt that begins behind an address translation to
// the one before it.
func linkTranslated(attempts []Attempt, known []Translation) []Attempt {
	for i := range attempts {
		for _, translated := range attempts[i].translations(known) {
			for j := range attempts {
				b := &attempts[j]
				if i == j || len(b.Rows) == 0 || b.Rows[0].Tuple != translated || !attempts[i].overlaps(b.First, b.Last) {
					continue
				}
				for _, row := range b.Rows {
					attempts[i].add(row)
				}
				b.Rows = nil
			}
		}
	}
	return slices.DeleteFunc(attempts, func(a Attempt) bool { return len(a.Rows) == 0 })
}

// translations are the tuples that the attempt's become.
func (a *Attempt) translations(known []Translation) []flow.Tuple {
	var list []flow.Tuple
	for i := range a.Rows {
		if t := a.Rows[i].Translated; t.IsValid() && t != a.Rows[i].Tuple {
			list = append(list, t)
		}
		for _, k := range known {
			if k.Original == a.Rows[i].Tuple {
				list = append(list, k.Translated)
			}
		}
	}
	return list
}
