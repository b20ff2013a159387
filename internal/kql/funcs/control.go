package funcs

import (
	"fmt"
	"math"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Scalar, "conditions", []*Func{
		{Name: "iff", Sig: "if:bool then:any else:any", Doc: "Gives then where the condition holds, and else otherwise.", Resolve: resolveIff, Loose: true, Eval: evalCase},
		{Name: "iif", Hidden: true, Sig: "if:bool then:any else:any", Doc: "Is iff.", Resolve: resolveIff, Loose: true, Eval: evalCase},
		{Name: "case", Sig: "condition:bool then:any else:any*", Doc: "Gives the value behind the first condition that holds, and the last one otherwise.", Resolve: resolveCase, Loose: true, Eval: evalCase},
		{Name: "coalesce", Sig: "value:any other:any*", Doc: "Gives the first value that is not null, or not empty where strings are meant.", Resolve: resolveCommon, Loose: true, Eval: evalCoalesce},
		{Name: "isnull", Sig: "value:any", Returns: value.BoolType, Doc: "Tells whether the value is null; strings never are.", Loose: true, Eval: func(c *Call) any { return c.Args[0] == nil }},
		{Name: "isnotnull", Sig: "value:any", Returns: value.BoolType, Doc: "Tells whether the value is not null; strings never are.", Loose: true, Eval: func(c *Call) any { return c.Args[0] != nil }},
		{Name: "notnull", Hidden: true, Sig: "value:any", Returns: value.BoolType, Doc: "Is isnotnull.", Loose: true, Eval: func(c *Call) any { return c.Args[0] != nil }},
		{Name: "isempty", Sig: "value:any", Returns: value.BoolType, Doc: "Tells whether the value is null or the empty string.", Loose: true, Eval: func(c *Call) any { return isEmpty(c.Args[0]) }},
		{Name: "isnotempty", Sig: "value:any", Returns: value.BoolType, Doc: "Tells whether the value is neither null nor the empty string.", Loose: true, Eval: func(c *Call) any { return !isEmpty(c.Args[0]) }},
		{Name: "notempty", Hidden: true, Sig: "value:any", Returns: value.BoolType, Doc: "Is isnotempty.", Loose: true, Eval: func(c *Call) any { return !isEmpty(c.Args[0]) }},
		{Name: "isnan", Sig: "number:real", Returns: value.BoolType, Doc: "Tells whether the real is not a number.", Eval: func(c *Call) any { return math.IsNaN(c.Real(0, 0)) }, SQL: "isnan({1})"},
		{Name: "isinf", Sig: "number:real", Returns: value.BoolType, Doc: "Tells whether the real is infinite.", Eval: func(c *Call) any { return math.IsInf(c.Real(0, 0), 0) }, SQL: "isinf({1})"},
		{Name: "isfinite", Sig: "number:real", Returns: value.BoolType, Doc: "Tells whether the real is neither infinite nor not a number.", Eval: func(c *Call) any {
			f := c.Real(0, math.NaN())
			return !math.IsNaN(f) && !math.IsInf(f, 0)
		}},
		{Name: "max_of", Sig: "value:orderable other:orderable*", Doc: "Gives the greatest of its arguments.", Resolve: resolveCommonOrderable, Loose: true, Eval: evalExtreme(1)},
		{Name: "min_of", Sig: "value:orderable other:orderable*", Doc: "Gives the least of its arguments.", Resolve: resolveCommonOrderable, Loose: true, Eval: evalExtreme(-1)},
		{Name: "assert", Sig: "condition:bool message:string", Returns: value.BoolType, Doc: "Fails the query with the message where the condition does not hold.", Loose: true, Eval: func(c *Call) any { return c.Args[0] == true }},
		{Name: "column_names_of", Sig: "table:any", Returns: value.DynamicType, Doc: "Lists the names of a table's columns.", Eval: func(*Call) any { return nil }},
	})
}

func isEmpty(v any) bool { return v == nil || v == "" }

// Common gives the type that all arguments can be converted to.
func Common(types []value.Type) (value.Type, bool) {
	out := value.Unknown
	for _, t := range types {
		switch {
		case t == value.Unknown || t == out:
		case out == value.Unknown:
			out = t
		case t.IsNumber() && out.IsNumber():
			out = value.Wider(t, out)
		case t == value.DynamicType || out == value.DynamicType:
			out = value.DynamicType
		default:
			return value.Unknown, false
		}
	}
	return out, true
}

func resolveIff(args []value.Type) ([]value.Type, value.Type, error) {
	return branches("iff", []value.Type{value.BoolType, args[1], args[2]}, args)
}

func resolveCase(args []value.Type) ([]value.Type, value.Type, error) {
	if len(args)%2 == 0 {
		return nil, value.Unknown, fmt.Errorf("case needs pairs of a condition and a value, and a last value for all others")
	}
	return branches("case", append([]value.Type(nil), args...), args)
}

// branches finds the common type of the values, which is dynamic where they
// are of different kinds.
func branches(name string, want, args []value.Type) ([]value.Type, value.Type, error) {
	var values []value.Type
	last := len(args) - 1
	for i, t := range args {
		if i%2 == 0 && i != last {
			if t != value.BoolType && t != value.Unknown {
				return nil, value.Unknown, fmt.Errorf("a condition of %s must be a bool, not %s", name, t)
			}
			want[i] = value.BoolType
			continue
		}
		values = append(values, t)
	}
	common := branchType(values)
	for i := range want {
		if i%2 == 1 || i == last {
			want[i] = common
		}
	}
	return want, common, nil
}

// branchType is the common type of branches; a dynamic one takes the type of
// the others.
func branchType(values []value.Type) value.Type {
	var typed []value.Type
	for _, t := range values {
		if t != value.DynamicType {
			typed = append(typed, t)
		}
	}
	if common, ok := Common(typed); ok && len(typed) > 0 {
		return common
	}
	return value.DynamicType
}

func resolveCommon(args []value.Type) ([]value.Type, value.Type, error) {
	t, ok := Common(args)
	if !ok {
		return nil, value.Unknown, fmt.Errorf("the arguments have no common type: %s", typeList(args))
	}
	want := make([]value.Type, len(args))
	for i := range want {
		want[i] = t
	}
	return want, t, nil
}

func resolveCommonOrderable(args []value.Type) ([]value.Type, value.Type, error) {
	for _, t := range args {
		if t == value.DynamicType || t == value.GuidType {
			return args, t, fmt.Errorf("a %s cannot be ordered here: convert it", t)
		}
	}
	return resolveCommon(args)
}

func typeList(types []value.Type) string {
	s := ""
	for i, t := range types {
		if i > 0 {
			s += ", "
		}
		s += t.String()
	}
	return s
}

func evalCase(c *Call) any {
	for i := 0; i+1 < len(c.Args); i += 2 {
		if c.Args[i] == true {
			return c.Args[i+1]
		}
	}
	return c.Args[len(c.Args)-1]
}

func evalCoalesce(c *Call) any {
	for _, v := range c.Args {
		if !isEmpty(v) {
			return v
		}
	}
	return nil
}

// evalExtreme finds the greatest (1) or least (-1) argument; null counts for
// nothing.
func evalExtreme(sign int) func(*Call) any {
	return func(c *Call) any {
		var best any
		for _, v := range c.Args {
			if v == nil {
				continue
			}
			if n, ok := value.Compare(v, best); best == nil || ok && n*sign > 0 {
				best = v
			}
		}
		return best
	}
}
