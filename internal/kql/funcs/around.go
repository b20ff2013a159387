package funcs

import (
	"fmt"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// resolveAround takes three numbers, three timespans, or two moments and a
// timespan.
func resolveAround(args []value.Type) ([]value.Type, value.Type, error) {
	v, center, delta := args[0], args[1], args[2]
	common, ok := Common(args)
	switch {
	case ok && (common.IsNumber() || common == value.TimespanType || common == value.Unknown):
		return []value.Type{common, common, common}, value.BoolType, nil
	case v == value.DatetimeType && center == v && delta == value.TimespanType:
		return args, value.BoolType, nil
	}
	return nil, value.BoolType, fmt.Errorf("around is not defined for %s", typeList(args))
}

func evalAround(c *Call) any {
	inside := func(op, than string) bool {
		far, _ := Must(op).Run(&Call{Args: c.Args[1:], Types: c.Types[1:], Out: c.Types[1]}) // numbers always fit
		types := []value.Type{c.Types[0], c.Types[0]}
		holds, _ := Must(than).Run(&Call{Args: []any{c.Args[0], far}, Types: types, Out: value.BoolType})
		return holds == true
	}
	return inside("-", ">=") && inside("+", "<=")
}
