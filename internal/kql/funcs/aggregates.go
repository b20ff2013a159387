package funcs

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() {
	register(Aggregate, "aggregates", []*Func{
		{Name: "count", Sig: "", Returns: value.LongType, Naming: PrefixFirstArg, Prefix: "count", Doc: "Counts rows."},
		{Name: "countif", Sig: "predicate:bool", Returns: value.LongType, Naming: PrefixFirstArg, Prefix: "countif", Doc: "Counts the rows for which the condition holds."},
		{Name: "sum", Sig: "expr:summable", Naming: PrefixFirstArg, Prefix: "sum", Resolve: promoted, Doc: "Adds up; null counts for nothing."},
		{Name: "avg", Sig: "expr:summable", Naming: PrefixFirstArg, Prefix: "avg", Resolve: averaged, Doc: "Gives the mean; NaN without values."},
		{Name: "min", Sig: "expr:orderable", Naming: PrefixFirstArg, Prefix: "min", Resolve: same, Doc: "Gives the least value."},
		{Name: "max", Sig: "expr:orderable", Naming: PrefixFirstArg, Prefix: "max", Resolve: same, Doc: "Gives the greatest value."},
		{Name: "dcount", Sig: "expr:any accuracy:integer?", Returns: value.LongType, Naming: PrefixFirstArg, Prefix: "dcount", Doc: "Counts different values.", Differs: "the count is exact, Kusto's is an estimate"},
		{Name: "count_distinct", Sig: "expr:orderable", Returns: value.LongType, Naming: PrefixFirstArg, Prefix: "count_distinct", Doc: "Counts different values exactly."},
		{Name: "stdev", Sig: "expr:summable", Returns: value.RealType, Naming: PrefixFirstArg, Prefix: "stdev", Resolve: toReal, Doc: "Gives the standard deviation of a sample."},
		{Name: "stdevp", Sig: "expr:summable", Returns: value.RealType, Naming: PrefixFirstArg, Prefix: "stdevp", Resolve: toReal, Doc: "Gives the standard deviation of a population."},
		{Name: "variance", Sig: "expr:summable", Returns: value.RealType, Naming: PrefixFirstArg, Prefix: "variance", Resolve: toReal, Doc: "Gives the variance of a sample."},
		{Name: "variancep", Sig: "expr:summable", Returns: value.RealType, Naming: PrefixFirstArg, Prefix: "variancep", Resolve: toReal, Doc: "Gives the variance of a population."},
		{Name: "percentile", Sig: "expr:any percentile:number", Naming: ExactPercent, Resolve: percentileTypes, Doc: "Gives the value below which that share of the values lies, the nearest one that there is."},
		{Name: "percentiles", Sig: "expr:any percentile:number*", Naming: ExactPercent, Resolve: percentileTypes, Doc: "Gives several percentiles, a column each."},
		{Name: "percentiles_array", Sig: "expr:any percentile:any*", Naming: PrefixFirstArg, Prefix: "percentiles", Returns: value.DynamicType, Doc: "Gives several percentiles as an array."},
		{Name: "percentilew", Sig: "expr:any weight:integer percentile:number", Naming: ExactPercent, Resolve: percentileTypes, Doc: "Gives a percentile of values that count as often as their weight says."},
		{Name: "percentilesw", Sig: "expr:any weight:integer percentile:number*", Naming: ExactPercent, Resolve: percentileTypes, Doc: "Gives several percentiles of values with weights, a column each."},
		{Name: "percentilesw_array", Sig: "expr:any weight:integer percentile:any*", Naming: PrefixFirstArg, Prefix: "percentiles", Returns: value.DynamicType, Doc: "Gives several percentiles of values with weights as an array."},
		{Name: "covariance", Sig: "expr1:summable expr2:summable", Returns: value.RealType, Naming: PrefixTwoArgs, Prefix: "covariance", Resolve: toReals, Doc: "Gives the covariance of two values over a sample."},
		{Name: "covariancep", Sig: "expr1:summable expr2:summable", Returns: value.RealType, Naming: PrefixTwoArgs, Prefix: "covariancep", Resolve: toReals, Doc: "Gives the covariance of two values over a population."},
		{Name: "make_list", Sig: "expr:any limit:integer?", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "list", Doc: "Makes an array of the values that are not null, in the order of the rows."},
		{Name: "makelist", Hidden: true, Sig: "expr:any limit:integer?", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "list", Doc: "Is make_list."},
		{Name: "make_list_with_nulls", Sig: "expr:any", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "list", Doc: "Makes an array of all values."},
		{Name: "collect_rows", Hidden: true, Sig: "row:dynamic", Returns: value.DynamicType, Doc: "Makes an array of all values as they are: make-series."},
		{Name: "make_set", Sig: "expr:any limit:integer?", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "set", Doc: "Makes an array of the different values."},
		{Name: "makeset", Hidden: true, Sig: "expr:any limit:integer?", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "set", Doc: "Is make_set."},
		{Name: "make_bag", Sig: "expr:dynamic limit:integer?", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "bag", Doc: "Joins bags into one."},
		{Name: "make_dictionary", Hidden: true, Sig: "expr:dynamic limit:integer?", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "dictionary", Doc: "Is make_bag."},
		{Name: "passthrough", Hidden: true, Sig: "expr:any", Naming: FirstArg, Resolve: each, Doc: "Is take_any."},
		{Name: "cnt", Hidden: true, Sig: "", Returns: value.LongType, Naming: PrefixFirstArg, Prefix: "cnt", Doc: "Is count."},
		{Name: "buildschema", Sig: "expr:dynamic", Returns: value.DynamicType, Naming: PrefixFirstArg, Prefix: "schema", Doc: "Gives the schema that all values fit."},
		{Name: "take_any", Sig: "expr:any*", Resolve: each, Doc: "Gives a value of any row, the first where rows have an order."},
		{Name: "any", Hidden: true, Sig: "expr:any*", Naming: PrefixFirstArg, Prefix: "any", Resolve: each, Doc: "Is take_any."},
		{Name: "arg_max", Sig: "maximised:orderable returned:any?*", Resolve: each, Doc: "Gives the values of the row in which the first argument is greatest."},
		{Name: "arg_min", Sig: "minimised:orderable returned:any?*", Resolve: each, Doc: "Gives the values of the row in which the first argument is least."},
		{Name: "binary_all_and", Sig: "expr:integer", Returns: value.LongType, Naming: FirstArg, Doc: "Gives the bits that all values have."},
		{Name: "binary_all_or", Sig: "expr:integer", Returns: value.LongType, Naming: FirstArg, Doc: "Gives the bits that one of the values has."},
		{Name: "binary_all_xor", Sig: "expr:integer", Returns: value.LongType, Naming: FirstArg, Doc: "Gives the exclusive or of all values."},
	})
	for _, base := range []string{"sum", "avg", "min", "max", "dcount", "count_distinct", "stdev", "variance", "variancep", "covariance", "covariancep", "make_list", "make_set", "make_bag", "take_any"} {
		registerIf(base)
	}
}

// IfBase gives the aggregate that one with a condition is made of.
var IfBase = map[string]string{}

// registerIf adds the form of an aggregate that takes a condition behind the
// arguments that it needs.
func registerIf(base string) {
	f := *table[key(Aggregate, base)]
	f.Name += map[bool]string{true: "_if", false: "if"}[strings.HasPrefix(base, "make_") || base == "hll"]
	f.Sig, f.Doc = "", f.Doc[:len(f.Doc)-1]+", of the rows for which the condition holds."
	if base != "take_any" && !strings.HasPrefix(base, "make") {
		f.Prefix = f.Name
	}
	if base == "take_any" {
		f.Naming = FirstArg
	}
	least, _ := f.Arity()
	for i, p := range f.params {
		if i == least {
			f.Sig += "predicate:bool "
		}
		f.Sig += p.Name + ":" + map[bool]string{true: "any", false: p.Kind}[i == 0] + map[bool]string{true: "? ", false: " "}[p.Optional]
	}
	if len(f.params) == least {
		f.Sig += "predicate:bool"
	}
	IfBase[f.Name] = base
	register(Aggregate, "aggregates", []*Func{&f})
}

// same is for min and max, which Kusto does not have of guids.
func same(args []value.Type) ([]value.Type, value.Type, error) {
	if args[0] == value.GuidType {
		return args, args[0], fmt.Errorf("expr must be a value that can be ordered, which a guid cannot")
	}
	_, err := Param{Name: "expr", Kind: "orderable"}.Accept(args[0])
	return args, args[0], err
}

// each gives the type of the first argument; the binder makes a column of each.
func each(args []value.Type) ([]value.Type, value.Type, error) { return args, args[0], nil }

func promoted(args []value.Type) ([]value.Type, value.Type, error) {
	if args[0] == value.IntType {
		return args, value.LongType, nil
	}
	_, err := Param{Name: "expr", Kind: "summable"}.Accept(args[0])
	return args, args[0], err
}

func averaged(args []value.Type) ([]value.Type, value.Type, error) {
	_, err := Param{Name: "expr", Kind: "summable"}.Accept(args[0])
	if args[0].IsInteger() {
		return args, value.RealType, err
	}
	return args, args[0], err
}

func toReal(args []value.Type) ([]value.Type, value.Type, error) {
	_, err := Param{Name: "expr", Kind: "summable"}.Accept(args[0])
	return []value.Type{value.RealType}, value.RealType, err
}

func toReals(args []value.Type) ([]value.Type, value.Type, error) {
	want := make([]value.Type, len(args))
	for i, t := range args {
		want[i] = value.RealType
		if _, err := (Param{Name: fmt.Sprint("expr", i+1), Kind: "summable"}).Accept(t); err != nil {
			return want, value.RealType, err
		}
	}
	return want, value.RealType, nil
}

func percentileTypes(args []value.Type) ([]value.Type, value.Type, error) {
	return args, args[0], nil
}
