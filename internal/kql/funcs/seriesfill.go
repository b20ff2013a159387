package funcs

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "series", []*Func{
		{Name: "series_fill_forward", Sig: "series:array missing:number?", Naming: FirstArg, Returns: value.DynamicType, Loose: true,
			Doc: "Gives missing elements the value before them.", Eval: func(c *Call) any { return fillFrom(c, false) }},
		{Name: "series_fill_backward", Sig: "series:array missing:number?", Naming: FirstArg, Returns: value.DynamicType, Loose: true,
			Doc: "Gives missing elements the value behind them.", Eval: func(c *Call) any { return fillFrom(c, true) }},
		{Name: "series_fill_const", Sig: "series:array constant:number missing:number?", Naming: FirstArg, Returns: value.DynamicType, Loose: true,
			Doc: "Gives missing elements a fixed value.", Eval: evalFillConst},
		{Name: "series_fill_linear", Sig: "series:array missing:number? fill_edges:bool? constant:number?", Naming: FirstArg, Returns: value.DynamicType, Loose: true,
			Doc: "Gives missing elements values on the line between their neighbours.", Eval: evalFillLinear},
	})
}

// missing returns what stands for a missing element: null, or argument i.
func missing(c *Call, i int) func(any) bool {
	if !c.Has(i) {
		return func(e any) bool { return e == nil }
	}
	return func(e any) bool { return value.Equal(e, c.Args[i]) }
}

func fillFrom(c *Call, backward bool) any {
	in, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	out, gap := slices.Clone(in), missing(c, 1)
	if backward {
		slices.Reverse(out)
	}
	for i := 1; i < len(out); i++ {
		if gap(out[i]) {
			out[i] = out[i-1]
		}
	}
	if backward {
		slices.Reverse(out)
	}
	return out
}

func evalFillConst(c *Call) any {
	in, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	out, gap := slices.Clone(in), missing(c, 2)
	for i, e := range out {
		if gap(e) {
			out[i] = likeOthers(c.Args[1], in, gap)
		}
	}
	return out
}

// likeOthers converts a constant to the type of the elements that are there.
func likeOthers(v any, in value.Array, gap func(any) bool) any {
	for _, e := range in {
		if e != nil && !gap(e) {
			if as := value.Convert(v, value.TypeOf(e)); as != nil {
				return as
			}
			return v
		}
	}
	return v
}

// evalFillLinear draws lines over gaps; before the first and behind the last
// element it repeats them. Series of whole numbers stay whole.
func evalFillLinear(c *Call) any {
	in, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	out, gap := slices.Clone(in), missing(c, 1)
	edges := !c.Has(2) || c.Args[2] == true
	var known []int
	whole := true
	for i, e := range in {
		if _, isNumber := value.ToReal(e); isNumber && !gap(e) {
			known = append(known, i)
			_, isInt := e.(int64)
			whole = whole && isInt
		}
	}
	if len(known) == 0 {
		return fillEmpty(c, out)
	}
	for i := range out {
		if !gap(in[i]) {
			continue
		}
		right, _ := slices.BinarySearch(known, i)
		switch {
		case right == 0 && edges:
			out[i] = in[known[0]]
		case right == len(known) && edges:
			out[i] = in[known[right-1]]
		case right > 0 && right < len(known):
			out[i] = between(in, known[right-1], known[right], i, whole)
		}
	}
	return out
}

// fillEmpty fills a series that has no values.
func fillEmpty(c *Call, out value.Array) any {
	var fill any = 0.0
	if len(c.Args) > 3 {
		fill = c.Args[3]
	}
	for i := range out {
		out[i] = fill
	}
	return out
}

func between(in value.Array, left, right, at int, whole bool) any {
	a, _ := value.ToReal(in[left])
	b, _ := value.ToReal(in[right])
	y := a + (b-a)*float64(at-left)/float64(right-left)
	if whole {
		return int64(y)
	}
	return y
}
