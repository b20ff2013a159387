package funcs

import (
	"fmt"
	"math"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Operator, "arithmetic operators", []*Func{
		{Name: "+", Sig: "x:any y:any", Doc: "Adds numbers or timespans, or a timespan to a datetime.", Resolve: resolveArith('+'), Eval: evalArith('+')},
		{Name: "-", Sig: "x:any y:any", Doc: "Subtracts numbers, timespans or datetimes.", Resolve: resolveArith('-'), Eval: evalArith('-')},
		{Name: "*", Sig: "x:any y:any", Doc: "Multiplies numbers, or a timespan with a number.", Resolve: resolveArith('*'), Eval: evalArith('*')},
		{Name: "/", Sig: "x:any y:any", Doc: "Divides; integers give the whole part, by zero gives null.", Resolve: resolveArith('/'), Eval: evalArith('/')},
		{Name: "%", Sig: "x:any y:any", Doc: "Gives the remainder, which is never negative.", Resolve: resolveArith('%'), Eval: evalArith('%')},
		{Name: "negate", Hidden: true, Sig: "x:any", Doc: "Changes the sign.", Resolve: resolveNegate, Eval: evalNegate},
	})
}

// resolveArith gives the types for x op y.
func resolveArith(op byte) func([]value.Type) ([]value.Type, value.Type, error) {
	return func(args []value.Type) ([]value.Type, value.Type, error) {
		x, y := args[0], args[1]
		if x == value.Unknown || y == value.Unknown {
			return args, value.Unknown, nil
		}
		if x == value.DynamicType && y == value.DynamicType {
			return args, value.DynamicType, nil
		}
		if x == value.DynamicType {
			x = dynamicOperand(op, y)
		} else if y == value.DynamicType {
			y = dynamicOperand(op, x)
		}
		if want, result, ok := arithTypes(op, x, y); ok {
			return want, result, nil
		}
		return nil, value.Unknown, fmt.Errorf("'%c' is not defined for %s and %s", op, args[0], args[1])
	}
}

// dynamicOperand is the type as which a dynamic value is calculated with.
func dynamicOperand(op byte, other value.Type) value.Type {
	if op == '*' && other == value.TimespanType {
		return value.RealType
	}
	return other
}

func arithTypes(op byte, x, y value.Type) (want []value.Type, result value.Type, ok bool) {
	const dt, ts = value.DatetimeType, value.TimespanType
	same := []value.Type{x, y}
	switch {
	case x.IsNumber() && y.IsNumber():
		w := value.Wider(value.Wider(x, y), value.LongType)
		return []value.Type{w, w}, w, true
	case x == ts && y == ts && op == '/':
		return same, value.RealType, true
	case x == ts && y == ts && op != '*':
		return same, ts, true
	case x == dt && y == dt && op == '-':
		return same, ts, true
	case x == dt && y == ts && (op == '+' || op == '-'), x == ts && y == dt && (op == '+' || op == '-'):
		return same, dt, true
	case x == dt && y == ts && op == '%':
		return same, ts, true
	case x == ts && y.IsNumber() && (op == '*' || op == '/'):
		return []value.Type{ts, timesType(y)}, ts, true
	case x.IsNumber() && y == ts && op == '*':
		return []value.Type{timesType(x), ts}, ts, true
	}
	return nil, value.Unknown, false
}

// timesType is how a number is multiplied with a timespan: exactly if it is
// whole.
func timesType(t value.Type) value.Type {
	if t.IsInteger() {
		return value.LongType
	}
	return value.RealType
}

func evalArith(op byte) func(*Call) any {
	return func(c *Call) any { return Arith(op, c.Args[0], c.Args[1], c.Out) }
}

// Arith calculates x op y, both of the types that the operator wants.
func Arith(op byte, x, y any, out value.Type) any {
	switch a := x.(type) {
	case int64:
		switch b := y.(type) {
		case int64:
			return integers(op, a, b)
		case float64:
			return reals(op, float64(a), b)
		case value.Timespan:
			return value.Timespan(a * int64(b))
		}
	case float64:
		switch b := y.(type) {
		case float64:
			return reals(op, a, b)
		case int64:
			return reals(op, a, float64(b))
		case value.Timespan:
			return timespanReal('*', int64(b), a)
		}
	case value.Decimal:
		if b, ok := value.ToDecimal(y); ok {
			if d, ok := a.Arith(op, b); ok {
				return d
			}
		}
		return nil
	}
	return times(op, x, y, out)
}

func integers(op byte, a, b int64) any {
	switch op {
	case '+':
		return a + b
	case '-':
		return a - b
	case '*':
		return a * b
	}
	if b == 0 {
		return nil
	}
	if b == -1 { // the least integer has no positive twin
		if op == '/' {
			return -a
		}
		return int64(0)
	}
	if op == '/' {
		return a / b
	}
	return modulo(a, b)
}

// modulo is the remainder made non-negative, as Kusto has it.
func modulo(a, b int64) int64 {
	m := a % b
	if m < 0 {
		if b < 0 {
			return m - b
		}
		return m + b
	}
	return m
}

func reals(op byte, a, b float64) any {
	switch op {
	case '+':
		return a + b
	case '-':
		return a - b
	case '*':
		return a * b
	case '/':
		return a / b
	}
	m := math.Mod(a, b)
	if m < 0 {
		m += math.Abs(b)
	}
	return m
}

// times calculates with datetimes and timespans, in ticks.
func times(op byte, x, y any, out value.Type) any {
	a, oka := ticks(x)
	b, okb := ticks(y)
	if f, ok := y.(float64); ok && oka {
		return timespanReal(op, a, f)
	}
	if n, ok := y.(int64); ok && oka {
		b, okb = n, true
	}
	if !oka || !okb {
		return nil
	}
	if op == '/' && out == value.RealType {
		return float64(a) / float64(b)
	}
	r, ok := integers(op, a, b).(int64)
	if !ok {
		return nil
	}
	if out == value.DatetimeType {
		return value.Convert(r, value.DatetimeType)
	}
	return value.Timespan(r)
}

func timespanReal(op byte, a int64, f float64) any {
	r, _ := reals(op, float64(a), f).(float64)
	if n, ok := value.Convert(r, value.LongType).(int64); ok {
		return value.Timespan(n)
	}
	return nil
}

func ticks(v any) (int64, bool) {
	switch v := v.(type) {
	case value.Datetime:
		return int64(v), true
	case value.Timespan:
		return int64(v), true
	}
	return 0, false
}

func resolveNegate(args []value.Type) ([]value.Type, value.Type, error) {
	switch t := args[0]; {
	case t.IsNumber(), t == value.TimespanType, t == value.DynamicType, t == value.Unknown:
		return args, t, nil
	}
	return nil, value.Unknown, fmt.Errorf("'-' is not defined for %s", args[0])
}

func evalNegate(c *Call) any {
	switch x := c.Args[0].(type) {
	case int64:
		return -x
	case float64:
		return -x
	case value.Timespan:
		return -x
	case value.Decimal:
		d, _ := value.NewDecimal(0).Arith('-', x)
		return d
	}
	return nil
}
