package store

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/segment"
)

// mostKeys is for how many keys a segment is asked: a list of addresses by a list
// of ports is many, and opening the segment then costs no more.
const mostKeys = 64

// asker asks a segment's key filters so often.
type asker struct {
	probe *segment.Probe
	left  int
}

func (a *asker) mayHave(k segment.Key) bool {
	if a.left == 0 {
		return true
	}
	a.left--
	return a.probe.MayHave(k)
}

// holding leaves out the segments that have no row of a condition, as far as
// their key filters tell.
func holding(infos []segment.Info, where catalog.Condition) []segment.Info {
	if where == nil || !asksKeys(where) {
		return infos
	}
	return slices.DeleteFunc(infos, func(i segment.Info) bool {
		p := i.Probe()
		defer p.Close()
		return p != nil && !mayHold(&asker{p, mostKeys}, where, known{})
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
// is certain. What is known of the row holds beside the condition, and may say with
// it between which ends its packet is.
func mayHold(a *asker, c catalog.Condition, k known) bool {
	switch c := c.(type) {
	case catalog.All:
		return mayHoldAll(a, c, k)
	case catalog.Any:
		return slices.ContainsFunc(c, func(c catalog.Condition) bool { return mayHold(a, c, k) })
	case catalog.OneOf:
		return mayHoldAll(a, catalog.All{c}, k)
	}
	return true
}

func mayHoldAll(a *asker, all catalog.All, k known) bool {
	k = k.and(all)
	if keys := k.packets(); len(keys) > 0 && !slices.ContainsFunc(keys, a.mayHave) {
		return false
	}
	return !slices.ContainsFunc(all, func(c catalog.Condition) bool {
		if one, ok := c.(catalog.OneOf); ok {
			keys := keysOf(one)
			return len(keys) > 0 && !slices.ContainsFunc(keys, a.mayHave)
		}
		return !mayHold(a, c, k)
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
// tells nothing, or where there are too many.
func keysOf(c catalog.OneOf) []segment.Key {
	if len(c.Values) > mostKeys {
		return nil
	}
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

// packets are the keys of the two ends, with their ports where these are known and
// not too many; none where the addresses are not known.
func (k known) packets() (keys []segment.Key) {
	from, fromPorts := end[string](k, 0), end[int64](k, 1)
	to, toPorts := end[string](k, 2), end[int64](k, 3)
	pairs := len(from) * len(to)
	tuples := pairs * len(fromPorts) * len(toPorts)
	if pairs > mostKeys || slices.Contains(from, "") || slices.Contains(to, "") {
		return nil
	}
	for _, f := range from {
		for _, t := range to {
			if tuples == 0 || tuples > mostKeys {
				keys = append(keys, segment.PairKey(f, t))
				continue
			}
			for _, port := range fromPorts {
				for _, other := range toPorts {
					keys = append(keys, segment.TupleKey(f, port, t, other))
				}
			}
		}
	}
	return keys
}

// end are the values of one of the tuple's columns; none where they are not known.
func end[T any](k known, column int) (values []T) {
	for _, v := range k[segment.TupleColumns[column]] {
		value, ok := v.(T)
		if !ok {
			return nil
		}
		values = append(values, value)
	}
	return values
}
