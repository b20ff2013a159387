package store

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/segment"
)

// mostTuples is for how many tuples a segment is asked: a list of addresses by a
// list of ports is many, and reading the segment then costs no more.
const mostTuples = 64

// holding leaves out the segments that have no row of a condition, as far as
// their key filters tell.
func holding(infos []segment.Info, where catalog.Condition) []segment.Info {
	if where == nil || !asksKeys(where) {
		return infos
	}
	return slices.DeleteFunc(infos, func(i segment.Info) bool {
		p := i.Probe()
		defer p.Close()
		return p != nil && !mayHold(p, where, known{})
	})
}

// asksKeys reports whether a condition has values that may have keys.
func asksKeys(c catalog.Condition) bool {
	switch c := c.(type) {
	case catalog.All:
		return slices.ContainsFunc(c, asksKeys)
	case catalog.Any:
		return slices.ContainsFunc(c, asksKeys)
	case catalog.OneOf:
		return len(keysOf(c)) > 0
	}
	return false
}

// known are the values one of which each row has in a column, by the columns.
type known map[string][]any

// mayHold reports whether a segment may have a row that fulfils a condition. False
// is certain. What is known of the row holds beside the condition, and may make a
// tuple with what it says.
func mayHold(p *segment.Probe, c catalog.Condition, k known) bool {
	switch c := c.(type) {
	case catalog.All:
		return mayHoldAll(p, c, k)
	case catalog.Any:
		return slices.ContainsFunc(c, func(c catalog.Condition) bool { return mayHold(p, c, k) })
	case catalog.OneOf:
		return mayHoldAll(p, catalog.All{c}, k)
	}
	return true
}

func mayHoldAll(p *segment.Probe, all catalog.All, k known) bool {
	k = k.and(all)
	if !mayHoldTuple(p, k) {
		return false
	}
	return !slices.ContainsFunc(all, func(c catalog.Condition) bool {
		if one, ok := c.(catalog.OneOf); ok {
			keys := keysOf(one)
			return len(keys) > 0 && !slices.ContainsFunc(keys, p.MayHave)
		}
		return !mayHold(p, c, k)
	})
}

// and adds what conditions say that are all fulfilled. Of two that are about a
// column, either is true.
func (k known) and(all catalog.All) known {
	out := known{}
	for column, values := range k {
		out[column] = values
	}
	for _, c := range all {
		if one, ok := c.(catalog.OneOf); ok {
			out[one.Column] = one.Values
		}
	}
	return out
}

// keysOf are the keys of the values that a column has one of; none where that
// tells nothing.
func keysOf(c catalog.OneOf) []segment.Key {
	var keys []segment.Key
	for _, v := range c.Values {
		text, _ := v.(string)
		key, ok := segment.TextKey(c.Column, text)
		if !ok {
			return nil
		}
		keys = append(keys, key)
	}
	return keys
}

// mayHoldTuple asks for the tuples of the four columns, where all are known.
func mayHoldTuple(p *segment.Probe, k known) bool {
	sources, dests := k.ends(0), k.ends(2)
	if len(sources) == 0 || len(dests) == 0 || len(sources)*len(dests) > mostTuples {
		return true
	}
	for _, s := range sources {
		for _, d := range dests {
			if p.MayHave(segment.TupleKey(s.address, s.port, d.address, d.port)) {
				return true
			}
		}
	}
	return false
}

// end is one of a packet's two.
type end struct {
	address string
	port    int64
}

// ends are those that a row may have, by two of the tuple's columns; none where
// that is not known.
func (k known) ends(at int) (out []end) {
	for _, a := range k[segment.TupleColumns[at]] {
		for _, p := range k[segment.TupleColumns[at+1]] {
			address, isText := a.(string)
			port, isNumber := p.(int64)
			if !isText || !isNumber || address == "" {
				return nil
			}
			out = append(out, end{address, port})
		}
	}
	return out
}
