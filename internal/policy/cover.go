package policy

import "slices"

// order is how the values of one kind of range follow each other.
type order[V any] struct {
	compare func(a, b V) int
	next    func(V) V
}

// span is the shape that all kinds of range share.
type span[V any] struct{ First, Last V }

// merge sorts ranges and joins those that overlap. Neighbours stay apart:
// 10.1.2.0/24 and 10.1.3.0/24 are read more easily than 10.1.2.0/23.
func merge[V any, R ~struct{ First, Last V }](ranges []R, o order[V]) []R {
	sorted := slices.Clone(ranges)
	slices.SortFunc(sorted, func(a, b R) int { return o.compare(span[V](a).First, span[V](b).First) })
	var merged []R
	for _, r := range sorted {
		if len(merged) == 0 || o.compare(span[V](merged[len(merged)-1]).Last, span[V](r).First) < 0 {
			merged = append(merged, r)
			continue
		}
		last := span[V](merged[len(merged)-1])
		if o.compare(last.Last, span[V](r).Last) < 0 {
			last.Last = span[V](r).Last
		}
		merged[len(merged)-1] = R(last)
	}
	return merged
}

// covered reports whether the outer ranges together contain every value of the
// inner ones. The outer ranges are merged ones.
func covered[V any, R ~struct{ First, Last V }](inner, outer []R, o order[V]) bool {
	for _, r := range inner {
		if !coveredOne(span[V](r), outer, o) {
			return false
		}
	}
	return true
}

// coveredOne walks along the outer ranges from where the inner one begins.
func coveredOne[V any, R ~struct{ First, Last V }](inner span[V], outer []R, o order[V]) bool {
	from := inner.First
	for _, r := range outer {
		s := span[V](r)
		if o.compare(s.Last, from) < 0 {
			continue
		}
		if o.compare(from, s.First) < 0 {
			return false
		}
		if o.compare(inner.Last, s.Last) <= 0 {
			return true
		}
		from = o.next(s.Last)
	}
	return false
}
