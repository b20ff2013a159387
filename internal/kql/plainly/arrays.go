package plainly

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	define(map[string]function{
		"array_iff": loose(arrayIff), "array_iif": loose(arrayIff),
		"array_rotate_left":  loose(moved(1, true)),
		"array_rotate_right": loose(moved(-1, true)),
		"array_shift_left":   loose(moved(1, false)),
		"array_shift_right":  loose(moved(-1, false)),
		"array_split":        strict(onArray(parts)),
		"array_sort_asc":     loose(func(c call) any { return sortTogether(c, 1) }),
		"array_sort_desc":    loose(func(c call) any { return sortTogether(c, -1) }),
		"zip":                loose(zip),
		"bag_zip":            loose(bagZip),
		"jaccard_index": strict(func(c call) any {
			a, b := distinct(joined(c.args[:1])), distinct(joined(c.args[1:]))
			both := slices.DeleteFunc(slices.Clone(a), func(v any) bool { return !holds(b, v) })
			all := distinct(append(slices.Clone(a), b...))
			return float64(len(both)) / float64(len(all))
		}),
	})
}

// elementAt is element i of an array, null where it has none, or a value that is no
// array.
func elementAt(v any, i int) any {
	a, ok := v.(value.Array)
	switch {
	case !ok:
		return v
	case i < len(a):
		return a[i]
	}
	return nil
}

func arrayIff(c call) any {
	conditions, ok := c.args[0].(value.Array)
	if !ok {
		return nil
	}
	out := value.Array{}
	for i, cond := range conditions {
		n, isNumber := number(cond)
		switch {
		case cond == true, isNumber && n != 0:
			out = append(out, elementAt(c.args[1], i))
		case cond == false, isNumber:
			out = append(out, elementAt(c.args[2], i))
		default:
			out = append(out, nil)
		}
	}
	return out
}

// moved moves elements one place at a time.
func moved(direction int64, round bool) func(call) any {
	return func(c call) any {
		a, ok := c.args[0].(value.Array)
		if !ok || c.args[1] == nil {
			return nil
		}
		fill := any("")
		for _, e := range a {
			if _, isText := e.(string); !isText {
				fill = nil
			}
		}
		if len(c.args) > 2 {
			fill = c.args[2]
		}
		places, out := c.whole(1, 0)*direction, slices.Clone(a)
		if len(a) == 0 {
			return out
		}
		if round {
			places %= int64(len(a))
		}
		for ; places > 0 && (round || len(out) > 0) && places < 1<<20; places-- {
			first := out[0]
			if !round {
				first = fill
			}
			out = append(out[1:len(out):len(out)], first)
		}
		for ; places < 0 && places > -1<<20; places++ {
			last := out[len(out)-1]
			if !round {
				last = fill
			}
			out = append(value.Array{last}, out[:len(out)-1]...)
		}
		return out
	}
}

// parts begins a new part at each of the places.
func parts(a value.Array, c call) any {
	places, ok := c.args[1].(value.Array)
	if !ok {
		places = value.Array{c.args[1]}
	}
	out, part, next := value.Array{}, value.Array{}, 0
	for _, p := range places {
		n, ok := p.(int64)
		if !ok {
			return nil
		}
		if n < 0 {
			n += int64(len(a))
		}
		for ; int64(next) < n && next < len(a); next++ {
			part = append(part, a[next])
		}
		out, part = append(out, part), value.Array{}
	}
	return append(out, append(part, a[next:]...))
}

// sortTogether sorts the places of the first array's elements.
func sortTogether(c call, direction int) any {
	args, last := c.args, true
	if n := len(args) - 1; c.types[n] == value.BoolType {
		args, last = args[:n], args[n] != false
	}
	first, ok := args[0].(value.Array)
	var places []int
	for i := range first {
		places = append(places, i)
	}
	slices.SortStableFunc(places, func(i, j int) int {
		x, y := first[i], first[j]
		if k, l := kindOrder(x, last), kindOrder(y, last); k != l {
			return k - l
		}
		order, _ := compare(x, y)
		return order * direction
	})
	out := value.Array{}
	for _, v := range args {
		a, isArray := v.(value.Array)
		if !ok || !isArray || len(a) != len(first) {
			out = append(out, nil)
			continue
		}
		sorted := value.Array{}
		for _, p := range places {
			sorted = append(sorted, a[p])
		}
		out = append(out, sorted)
	}
	if len(args) == 1 {
		return out[0]
	}
	return out
}

// kindOrder puts numbers before text, text before the rest, and null last or
// first.
func kindOrder(v any, nullsLast bool) int {
	if v == nil {
		return map[bool]int{true: 9, false: -1}[nullsLast]
	}
	if _, ok := number(v); ok {
		return 1
	}
	if _, ok := v.(string); ok {
		return 2
	}
	return 3
}

func zip(c call) any {
	longest := 0
	for _, v := range c.args {
		a, ok := v.(value.Array)
		if !ok {
			return nil
		}
		longest = max(longest, len(a))
	}
	out := value.Array{}
	for i := range longest {
		row := value.Array{}
		for _, v := range c.args {
			row = append(row, elementAt(v, i))
		}
		out = append(out, row)
	}
	return out
}

func bagZip(c call) any {
	keys, ok := c.args[0].(value.Array)
	if !ok {
		return nil
	}
	values, _ := c.args[1].(value.Array)
	out := value.NewBag()
	for i, k := range keys {
		if name, ok := k.(string); ok {
			out.Set(name, elementAt(values, i))
		}
	}
	return out
}
