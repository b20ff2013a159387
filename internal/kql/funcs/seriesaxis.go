package funcs

import (
	"fmt"
	"math"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// What make-series is made of. The axis is cut into slots of one step, numbered
// from an origin: the number says which element of a series a value is.
func init() {
	register(Scalar, "series", []*Func{
		{Name: "series_slot", Hidden: true, Sig: "axis:summable origin:summable step:summable", Returns: value.LongType,
			Doc: "Gives the number of the step in which a point of an axis lies.", Eval: func(c *Call) any { return Slot(c.Args[0], c.Args[1], c.Args[2]) }},
		{Name: "series_axis", Hidden: true, Sig: "first:integer last:integer origin:any step:any", Returns: value.DynamicType,
			Doc: "Gives the beginnings of steps.", Eval: evalSeriesAxis, Loose: true},
		{Name: "series_values", Hidden: true, Sig: "groups:array index:integer first:integer last:integer missing:any", Returns: value.DynamicType,
			Doc: "Puts values into the places that their slots name.", Eval: evalSeriesValues, Loose: true},
	})
}

// Slot is how many whole steps lie between the origin and a point; null where
// one of them is null or the step is not above zero.
func Slot(at, origin, step any) any {
	if x, ok := at.(float64); ok {
		o, _ := value.ToReal(origin)
		s, _ := value.ToReal(step)
		if n := math.Floor((x - o) / s); s > 0 && math.Abs(n) < 1<<62 {
			return int64(n)
		}
		return nil
	}
	x, ok1 := value.Convert(at, value.LongType).(int64)
	o, ok2 := value.Convert(origin, value.LongType).(int64)
	s, ok3 := value.Convert(step, value.LongType).(int64)
	if !ok1 || !ok2 || !ok3 || s <= 0 {
		return nil
	}
	n := (x - o) / s
	if (x-o)%s < 0 {
		n--
	}
	return n
}

// slots returns how many slots a series has. A panic is told as the function's
// error; series longer than Kusto allows are not cut in silence.
func slots(first, last any) int {
	f, ok1 := first.(int64)
	l, ok2 := last.(int64)
	if !ok1 || !ok2 || l < f {
		return 0
	}
	if l-f >= maxRange {
		panic(fmt.Sprintf("a series of %d values is longer than %d", l-f+1, maxRange))
	}
	return int(l - f + 1)
}

func evalSeriesAxis(c *Call) any {
	out := make(value.Array, slots(c.Args[0], c.Args[1]))
	for i := range out {
		out[i] = axisPoint(c.Args[2], c.Args[3], c.Int(0, 0)+int64(i))
	}
	return out
}

// axisPoint is the origin and n steps.
func axisPoint(origin, step any, n int64) any {
	switch o := origin.(type) {
	case float64:
		s, _ := value.ToReal(step)
		return o + float64(n)*s
	case value.Datetime:
		return o + value.Datetime(n*value.Convert(step, value.LongType).(int64))
	case value.Timespan:
		return o + value.Timespan(n*value.Convert(step, value.LongType).(int64))
	case int64:
		return o + n*value.Convert(step, value.LongType).(int64)
	}
	return nil
}

// evalSeriesValues reads groups of [slot, value 1, value 2...].
func evalSeriesValues(c *Call) any {
	index, first := c.Int(1, 0), c.Int(2, 0)
	out := make(value.Array, slots(c.Args[2], c.Args[3]))
	for i := range out {
		out[i] = c.Args[4]
	}
	for _, g := range c.Array(0) {
		group, ok := g.(value.Array)
		if !ok || int64(len(group)) <= index {
			continue
		}
		slot, ok := group[0].(int64)
		if at := slot - first; ok && at >= 0 && at < int64(len(out)) {
			out[at] = group[index]
		}
	}
	return out
}
