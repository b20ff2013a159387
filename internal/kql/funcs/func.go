// Package funcs is the one table of what KQL can calculate: scalar functions,
// operators, aggregates, window functions and plugins, each with its
// parameters, result, a sentence that explains it and how to compute it.
//
// The binder takes types and names of results from it, the SQL generator the
// SQL, the engine the Go function that is called from SQL, completion and the
// reference page the signature and the sentence.
//
// To add a scalar function, add an entry to the list in the file of its group:
// Sig and Returns (or Resolve, where the result depends on the arguments), Eval
// in Go, and, if speed matters and SQL has the same meaning, SQL. Eval alone is
// enough; it defines the meaning, and constants are folded with it.
package funcs

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// Class is what kind of function an entry is.
type Class uint8

// The classes.
const (
	Scalar Class = iota
	Operator
	Aggregate
	Window
	Plugin
	TableFunction
)

// Naming is how a result column is called where the query does not say.
type Naming uint8

// The namings, with what f(x) is called.
const (
	Unnamed        Naming = iota // Column1
	FirstArg                     // x
	PrefixFirstArg               // Prefix_x, or Prefix_
	PrefixTwoArgs                // Prefix_x_y
	PrefixOnly                   // Prefix
	ExactPercent                 // percentile_x_50
)

// Func is one entry.
type Func struct {
	Name  string
	Class Class
	Group string
	// Doc is one sentence.
	Doc string
	// Differs says where the meaning differs from Kusto's, "" if nowhere known.
	Differs string
	// Sig is the parameters as "name:kind", "?" behind optional ones and "*"
	// behind one that repeats; "!" marks constants. See the kinds in sig.go.
	Sig string
	// Returns is the type of the result where it does not depend on arguments.
	Returns value.Type
	// Resolve gives the result's type and the types that arguments are
	// converted to, in place of Returns and Sig's kinds. The error is a
	// sentence for people.
	Resolve func(args []value.Type) (want []value.Type, result value.Type, err error)
	Naming  Naming
	Prefix  string
	// Columns, of functions that give several columns in extend and project,
	// names them; Eval gives an array of their values.
	Columns func(args int) []ColumnSpec
	// PerArgument, of functions that give a column for each of their dynamic
	// arguments, is put behind its name; with more than one of them Eval gives
	// an array of the columns' values.
	PerArgument string
	// Hidden entries are not in completion and reference: old names.
	Hidden bool

	// Eval computes the result; an error instead of it ends the query. Unless
	// Loose is set it is not called when an argument is null; the result is null
	// then (a string: empty).
	Eval  func(c *Call) any
	Loose bool
	// Volatile functions are not folded: rand, new_guid.
	Volatile bool
	// SQL computes the same in SQL: {1}, {2} are the arguments, {*} all.
	SQL string

	params []Param
}

// ColumnSpec is one of several result columns.
type ColumnSpec struct {
	Name string
	Type value.Type
}

// Call is one evaluation.
type Call struct {
	Args []any
	// Types are the arguments' static types, Out the result's.
	Types []value.Type
	Out   value.Type
}

// Str returns argument i as a string, "" where it is missing.
func (c *Call) Str(i int) string {
	if i >= len(c.Args) {
		return ""
	}
	return c.Text(i)
}

// Text returns argument i as tostring does.
func (c *Call) Text(i int) string {
	if s, ok := c.Args[i].(string); ok {
		return s
	}
	if b, ok := c.Args[i].(bool); ok && c.Types[i] == value.DynamicType {
		return fmt.Sprint(b)
	}
	if f, ok := c.Args[i].(float64); ok && math.IsInf(f, 0) {
		return infinity(f)
	}
	return value.Text(c.Args[i])
}

// infinity is how tostring writes it; in results it is Infinity.
func infinity(f float64) string {
	if f < 0 {
		return "-inf"
	}
	return "inf"
}

// Int returns argument i as an integer, or missing.
func (c *Call) Int(i int, missing int64) int64 {
	if i < len(c.Args) {
		if n, ok := value.Convert(c.Args[i], value.LongType).(int64); ok {
			return n
		}
	}
	return missing
}

// Real returns argument i as a real, or missing.
func (c *Call) Real(i int, missing float64) float64 {
	if i < len(c.Args) {
		if f, ok := value.Convert(c.Args[i], value.RealType).(float64); ok {
			return f
		}
	}
	return missing
}

// Has tells whether argument i is given and not null.
func (c *Call) Has(i int) bool { return i < len(c.Args) && c.Args[i] != nil }

// Array returns argument i as an array, nil if it is none.
func (c *Call) Array(i int) value.Array {
	if i >= len(c.Args) {
		return nil
	}
	a, _ := c.Args[i].(value.Array)
	return a
}

// Bag returns argument i as a bag, nil if it is none.
func (c *Call) Bag(i int) *value.Bag {
	if i >= len(c.Args) {
		return nil
	}
	b, _ := c.Args[i].(*value.Bag)
	return b
}

// Run evaluates the function with its rule for nulls, and gives the result the
// type that was promised. The error is [ErrMemory] where there is no [Room] for it.
// A panic would end the process: it is an error of the function.
func (f *Func) Run(c *Call) (out any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: %v", f.Name, r)
		}
	}()
	if !f.Loose && slices.Contains(c.Args, nil) {
		return f.nullResult(c), nil
	}
	if f.tooMany(c) {
		return nil, ErrMemory
	}
	v := f.Eval(c)
	if v == nil {
		return f.nullResult(c), nil
	}
	if err, failed := v.(error); failed {
		return nil, err
	}
	if grown(v, c) {
		return nil, ErrMemory
	}
	return v, nil
}

func (f *Func) nullResult(c *Call) any {
	if c.Out == value.StringType {
		return ""
	}
	return nil
}

// table is all entries by class-independent key.
var table = map[string]*Func{}

// register adds entries to the table; a name may be an aggregate and a scalar
// function at once.
func register(class Class, group string, list []*Func) {
	for _, f := range list {
		f.Class, f.Group = class, group
		f.params = parseSig(f)
		k := key(class, f.Name)
		if table[k] != nil {
			panic("funcs: " + f.Name + " is registered twice")
		}
		table[k] = f
	}
}

func key(class Class, name string) string {
	if class == Window || class == Operator {
		class = Scalar
	}
	return fmt.Sprint(class, " ", name)
}

// Lookup returns the scalar or window function, or the operator, of that name.
func Lookup(name string) (*Func, bool) {
	f, ok := table[key(Scalar, name)]
	return f, ok
}

// LookupAggregate returns the aggregate of that name.
func LookupAggregate(name string) (*Func, bool) {
	f, ok := table[key(Aggregate, name)]
	return f, ok
}

// LookupPlugin returns the plugin of that name.
func LookupPlugin(name string) (*Func, bool) {
	f, ok := table[key(Plugin, name)]
	return f, ok
}

// Must returns the scalar function or operator of that name, which exists.
func Must(name string) *Func {
	f, ok := Lookup(name)
	if !ok {
		panic("funcs: no function " + name)
	}
	return f
}

// All returns all entries that are not hidden, by group and name.
func All() []*Func {
	var out []*Func
	for _, f := range table {
		if !f.Hidden {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *Func) int {
		return strings.Compare(fmt.Sprint(a.Class, a.Group, " ", a.Name), fmt.Sprint(b.Class, b.Group, " ", b.Name))
	})
	return out
}
