package funcs

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Operator, "comparison operators", []*Func{
		{Name: "==", Sig: "x:any y:any", Doc: "Tells whether both are equal; null equals nothing.", Returns: value.BoolType, Resolve: resolveEqual("=="), Loose: true, Eval: func(c *Call) any { return equal(c) }},
		{Name: "!=", Sig: "x:any y:any", Doc: "Tells whether both differ; null differs from everything.", Returns: value.BoolType, Resolve: resolveEqual("!="), Loose: true, Eval: func(c *Call) any { return !equal(c) }},
		{Name: "<", Sig: "x:any y:any", Doc: "Tells whether the left is less.", Returns: value.BoolType, Resolve: resolveOrder("<"), Eval: evalOrder(func(c int) bool { return c < 0 })},
		{Name: "<=", Sig: "x:any y:any", Doc: "Tells whether the left is less or equal.", Returns: value.BoolType, Resolve: resolveOrder("<="), Eval: evalOrder(func(c int) bool { return c <= 0 })},
		{Name: ">", Sig: "x:any y:any", Doc: "Tells whether the left is greater.", Returns: value.BoolType, Resolve: resolveOrder(">"), Eval: evalOrder(func(c int) bool { return c > 0 })},
		{Name: ">=", Sig: "x:any y:any", Doc: "Tells whether the left is greater or equal.", Returns: value.BoolType, Resolve: resolveOrder(">="), Eval: evalOrder(func(c int) bool { return c >= 0 })},
		{Name: "in", Sig: "x:any values:any*", Doc: "Tells whether the left is one of the values.", Returns: value.BoolType, Resolve: resolveIn, Loose: true, Eval: evalIn},
	})
	register(Scalar, "conditions", []*Func{
		{Name: "around", Sig: "value:summable center:summable delta:summable", Returns: value.BoolType, Doc: "Tells whether a value is at most delta away from another.", Resolve: resolveAround, Eval: evalAround},
	})
	register(Operator, "logical operators", []*Func{
		{Name: "and", Sig: "x:bool y:bool", Doc: "Tells whether both are true.", Returns: value.BoolType, Resolve: resolveLogic("and"), Loose: true, Eval: evalAnd},
		{Name: "or", Sig: "x:bool y:bool", Doc: "Tells whether one of both is true.", Returns: value.BoolType, Resolve: resolveLogic("or"), Loose: true, Eval: evalOr},
		{Name: "not", Sig: "x:bool", Doc: "Turns true into false and false into true.", Returns: value.BoolType, Eval: func(c *Call) any { return !c.Args[0].(bool) }, SQL: "(NOT {1})"},
	})
}

// comparable gives the type in which two values are compared. A string is read
// as the other's type: DestinationPort == "443".
func comparable(x, y value.Type) (value.Type, bool) {
	switch {
	case x == value.Unknown || y == value.Unknown:
		return value.Unknown, true
	case x == y:
		return x, true
	case x.IsNumber() && y.IsNumber():
		return value.Wider(x, y), true
	case x == value.DynamicType || y == value.DynamicType:
		return value.DynamicType, true
	case x == value.StringType:
		return y, true
	case y == value.StringType:
		return x, true
	case x == value.BoolType && y.IsInteger() || y == value.BoolType && x.IsInteger():
		return value.LongType, true
	}
	return value.Unknown, false
}

func resolveEqual(op string) func([]value.Type) ([]value.Type, value.Type, error) {
	return func(args []value.Type) ([]value.Type, value.Type, error) {
		t, ok := comparable(args[0], args[1])
		if !ok {
			return nil, value.BoolType, fmt.Errorf("'%s' is not defined for %s and %s", op, args[0], args[1])
		}
		if args[0] == value.DynamicType && args[1] == value.DynamicType {
			return nil, value.BoolType, fmt.Errorf("'%s' is not defined for two dynamic values: convert them with tostring or tolong", op)
		}
		if t == value.Unknown || t == value.DynamicType {
			return args, value.BoolType, nil
		}
		return []value.Type{t, t}, value.BoolType, nil
	}
}

func resolveOrder(op string) func([]value.Type) ([]value.Type, value.Type, error) {
	return func(args []value.Type) ([]value.Type, value.Type, error) {
		x, y := args[0], args[1]
		undefined := fmt.Errorf("'%s' is not defined for %s and %s", op, x, y)
		if x == value.DynamicType && y.IsNumber() {
			return []value.Type{y, y}, value.BoolType, nil
		}
		if y == value.DynamicType && x.IsNumber() {
			return []value.Type{x, x}, value.BoolType, nil
		}
		t, ok := comparable(x, y)
		if !ok || x == value.StringType || y == value.StringType || x == value.GuidType || x != y && t == value.DynamicType {
			return nil, value.BoolType, undefined
		}
		if t == value.Unknown {
			return args, value.BoolType, nil
		}
		return []value.Type{t, t}, value.BoolType, nil
	}
}

func equal(c *Call) bool {
	x, y := c.Args[0], c.Args[1]
	if x == nil || y == nil {
		return false
	}
	if xs, ok := x.(string); ok && c.Types[0] == value.DynamicType && c.Types[1] != value.StringType && c.Types[1] != value.DynamicType {
		x = value.Convert(xs, c.Types[1])
	}
	return value.Equal(x, y)
}

func evalOrder(holds func(int) bool) func(*Call) any {
	return func(c *Call) any {
		if n, ok := value.Compare(c.Args[0], c.Args[1]); ok {
			return holds(n)
		}
		return false
	}
}

func resolveIn(args []value.Type) ([]value.Type, value.Type, error) {
	want := append([]value.Type(nil), args...)
	for i, t := range args[1:] {
		common, ok := comparable(args[0], t)
		switch {
		case !ok:
			return nil, value.BoolType, fmt.Errorf("'in' is not defined for %s and %s", args[0], t)
		case t == value.DynamicType || common == value.Unknown:
		case args[0] != value.DynamicType:
			want[i+1] = common
			if !args[0].IsNumber() {
				want[i+1] = args[0]
			}
		}
	}
	return want, value.BoolType, nil
}

func evalIn(c *Call) any {
	if c.Args[0] == nil {
		return false
	}
	for _, v := range c.Args[1:] {
		if list, ok := v.(value.Array); ok {
			for _, e := range list {
				if value.Equal(c.Args[0], e) {
					return true
				}
			}
		} else if v != nil && value.Equal(c.Args[0], v) {
			return true
		}
	}
	return false
}

func resolveLogic(op string) func([]value.Type) ([]value.Type, value.Type, error) {
	return func(args []value.Type) ([]value.Type, value.Type, error) {
		for _, t := range args {
			if t != value.BoolType && t != value.Unknown && t != value.DynamicType {
				return nil, value.BoolType, fmt.Errorf("'%s' is not defined for %s and %s", op, args[0], args[1])
			}
		}
		return []value.Type{value.BoolType, value.BoolType}, value.BoolType, nil
	}
}

func evalAnd(c *Call) any {
	x, y := c.Args[0], c.Args[1]
	if x == false || y == false {
		return false
	}
	if x == nil || y == nil {
		return nil
	}
	return true
}

func evalOr(c *Call) any {
	x, y := c.Args[0], c.Args[1]
	if x == true || y == true {
		return true
	}
	if x == nil || y == nil {
		return nil
	}
	return false
}
