package funcs

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// hll and tdigest keep what later counts and percentiles are computed from.
// Kusto keeps an estimate; here they keep all that they have seen, hashes or
// values with weights, in the form that Kusto uses for few values.
func init() {
	const exact = "it keeps every value and is exact, Kusto's is an estimate"
	merge := func(name, prefix string, f func(digests value.Array) any) *Func {
		return &Func{Name: name, Sig: "first:dynamic second:dynamic more:dynamic?*", Returns: value.DynamicType, Naming: PrefixOnly, Prefix: prefix, Loose: true,
			Doc: "Makes one of several results of the aggregate.", Differs: exact, Eval: func(c *Call) any { return f(c.Args) }}
	}
	of := func(name string, f func(list value.Array) any) *Func {
		return &Func{Name: name, Hidden: true, Sig: "list:dynamic", Returns: value.DynamicType, Loose: true, Doc: "Stands behind the aggregate.",
			Eval: func(c *Call) any { return f(c.Array(0)) }}
	}
	register(Scalar, "estimates", []*Func{
		merge("hll_merge", "hll_merged_result", mergeHLL), merge("tdigest_merge", "tdigests_merge_result", mergeDigests), merge("merge_tdigest", "tdigests_merge_result", mergeDigests),
		of("hll_merge_of", mergeHLL), of("tdigest_merge_of", mergeDigests), of("tdigest_of", func(pairs value.Array) any { return digestOf(pairs) }),
		{Name: "dcount_hll", Sig: "hll:dynamic", Returns: value.LongType, Naming: PrefixFirstArg, Prefix: "dcount_hll", Doc: "Counts the different values that hll has seen.", Differs: exact, Eval: func(c *Call) any {
			if h, ok := hashesOf(c.Args[0]); ok {
				return int64(len(h))
			}
			return nil
		}},
		{Name: "percentile_tdigest", Sig: "tdigest:dynamic percentile:number type:type?", Resolve: resolveDigest, Naming: PrefixFirstArg, Prefix: "percentile_tdigest", Loose: true,
			Doc: "Gives a percentile of what tdigest has seen, of the type if one is given.", Differs: exact, Eval: func(c *Call) any {
				return value.Convert(nearest(digest(c.Args[0]), c.Real(1, 0)), c.Out)
			}},
		{Name: "percentiles_array_tdigest", Sig: "tdigest:dynamic percentile:any*", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "percentile_tdigest",
			Doc: "Gives several percentiles of what tdigest has seen.", Differs: exact, Eval: evalDigestPercentiles},
		{Name: "rank_tdigest", Sig: "tdigest:dynamic value:any", Returns: value.RealType, Doc: "Counts the values that tdigest has seen up to a value.", Differs: exact, Eval: func(c *Call) any { return rankOf(c, false) }},
		{Name: "percentrank_tdigest", Sig: "tdigest:dynamic value:any", Returns: value.RealType, Doc: "Gives the share of the values that tdigest has seen up to a value, in percent.", Differs: exact, Eval: func(c *Call) any { return rankOf(c, true) }},
	})
	register(Aggregate, "aggregates", []*Func{
		{Name: "hll", Sig: "expr:any accuracy:integer?", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "hll", Doc: "Keeps what dcount_hll counts different values with.", Differs: exact},
		{Name: "hll_merge", Sig: "hll:dynamic", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "hll_merge", Doc: "Makes one of the results of hll.", Differs: exact},
		{Name: "tdigest", Sig: "expr:summable weight:integer?", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "tdigest", Doc: "Keeps what percentile_tdigest computes percentiles with.", Differs: exact},
		{Name: "tdigest_merge", Sig: "tdigest:dynamic", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "merge_tdigests", Doc: "Makes one of the results of tdigest.", Differs: exact},
		{Name: "merge_tdigest", Sig: "tdigest:dynamic", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "merge_tdigests", Doc: "Is tdigest_merge.", Differs: exact},
	})
	registerIf("hll")
}

// hashesOf reads [[1024,14],[hashes],[]].
func hashesOf(v any) (value.Array, bool) {
	if list, ok := v.(value.Array); ok && len(list) == 3 {
		hashes, ok := list[1].(value.Array)
		return hashes, ok
	}
	return nil, false
}

func mergeHLL(sketches value.Array) any {
	all := value.Array{}
	for _, s := range sketches {
		hashes, _ := hashesOf(s)
		all = append(all, hashes...)
	}
	return value.Array{value.Array{int64(1024), int64(14)}, distinct(all), value.Array{}}
}

// weighted is a value and how often it counts.
type weighted struct {
	v      any
	weight int64
}

// digestOf sorts pairs of value and weight and adds up the weights of equals:
// [[7],[values],[weights]]. Moments and timespans are ticks.
func digestOf(pairs value.Array) value.Array {
	var list []weighted
	for _, p := range pairs {
		pair := p.(value.Array)
		list = append(list, weighted{pair[0], pair[1].(int64)})
	}
	return writeDigest(list)
}

func writeDigest(list []weighted) value.Array {
	slices.SortStableFunc(list, func(a, b weighted) int { order, _ := value.Compare(a.v, b.v); return order })
	values, weights := value.Array{}, value.Array{}
	for _, e := range list {
		if n := len(values); n > 0 && value.Equal(values[n-1], e.v) {
			weights[n-1] = weights[n-1].(int64) + e.weight
			continue
		}
		values, weights = append(values, e.v), append(weights, e.weight)
	}
	return value.Array{value.Array{int64(7)}, values, weights}
}

// digest reads [[7],[values],[weights]].
func digest(v any) (out []weighted) {
	list, ok := v.(value.Array)
	if !ok || len(list) != 3 {
		return nil
	}
	values, ok1 := list[1].(value.Array)
	weights, ok2 := list[2].(value.Array)
	if !ok1 || !ok2 || len(values) != len(weights) {
		return nil
	}
	for i := range values {
		w, _ := weights[i].(int64)
		out = append(out, weighted{values[i], w})
	}
	return out
}

func mergeDigests(digests value.Array) any {
	var all []weighted
	for _, d := range digests {
		all = append(all, digest(d)...)
	}
	return writeDigest(all)
}

func resolveDigest(args []value.Type) ([]value.Type, value.Type, error) {
	want := slices.Clone(args)
	_, err := Param{Name: "tdigest", Kind: "dynamic"}.Accept(args[0])
	if err == nil {
		_, err = Param{Name: "percentile", Kind: "number"}.Accept(args[1])
	}
	if len(args) > 2 {
		return want, args[2], err
	}
	return want, value.DynamicType, err
}

// nearest is the least value at or below which that percentage of the weights
// is; values are in order.
func nearest(list []weighted, percent float64) any {
	total, so := 0.0, 0.0
	for _, e := range list {
		total += float64(e.weight)
	}
	for i, e := range list {
		if so += float64(e.weight); so >= percent/100*total || i == len(list)-1 {
			return e.v
		}
	}
	return nil
}

func evalDigestPercentiles(c *Call) any {
	list, out := digest(c.Args[0]), value.Array{}
	for _, p := range c.Args[1:] {
		shares, many := p.(value.Array)
		if !many {
			shares = value.Array{p}
		}
		for _, share := range shares {
			percent, _ := value.ToReal(share)
			out = append(out, nearest(list, percent))
		}
	}
	return out
}

// rankOf adds the weights of the values up to that one, as a share in percent
// if asked.
func rankOf(c *Call, share bool) any {
	rank, total := 0.0, 0.0
	for _, e := range digest(c.Args[0]) {
		total += float64(e.weight)
		if order, ok := value.Compare(e.v, ticksOf(c.Args[1])); ok && order <= 0 {
			rank += float64(e.weight)
		}
	}
	if share {
		return rank / total * 100
	}
	return rank
}

// ticksOf is what a digest holds of a value.
func ticksOf(v any) any {
	if n, ok := ticks(v); ok {
		return n
	}
	return v
}
