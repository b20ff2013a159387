package arm

import "maps"

// functions are those that need no more than the values of their arguments.
var functions = merged(textFunctions, formatFunctions, listFunctions, logicFunctions, numberFunctions, addressFunctions, idFunctions)

// specialFunctions are those that look at their place, or do not always look at
// all of their arguments.
var specialFunctions map[string]unworked

// Filled here, because the functions lead back to the table that they are in.
func init() {
	specialFunctions = merged(lookupFunctions, choiceFunctions)
}

func merged[F any](tables ...map[string]F) map[string]F {
	all := map[string]F{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}
