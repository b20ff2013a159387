package funcs

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// Param is one parameter.
type Param struct {
	Name, Kind string
	Optional   bool
	Repeat     bool
	// Const parameters take constants only.
	Const bool
}

// Params returns the parameters in order.
func (f *Func) Params() []Param { return f.params }

// parseSig reads Sig.
func parseSig(f *Func) []Param {
	var out []Param
	for _, word := range strings.Fields(f.Sig) {
		name, kind, ok := strings.Cut(word, ":")
		if !ok {
			panic("funcs: " + f.Name + ": parameter without a kind: " + word)
		}
		p := Param{Name: name}
		p.Kind = strings.TrimRight(kind, "?*!")
		marks := kind[len(p.Kind):]
		p.Optional, p.Repeat, p.Const = strings.Contains(marks, "?"), strings.Contains(marks, "*"), strings.Contains(marks, "!")
		out = append(out, p)
	}
	return out
}

// Arity returns the least and the most arguments; most is -1 without a bound.
func (f *Func) Arity() (least, most int) {
	for _, p := range f.params {
		most++
		if !p.Optional {
			least++
		}
	}
	if n := len(f.params); n > 0 && f.params[n-1].Repeat {
		most = -1
	}
	return least, most
}

// Param returns the parameter that argument i goes to.
func (f *Func) Param(i int) Param {
	if i >= len(f.params) {
		return f.params[len(f.params)-1]
	}
	return f.params[i]
}

// Signature writes the call as people read it: substring(source, start, [length]),
// and an operator between what it takes: text has part.
func (f *Func) Signature() string {
	var args []string
	for _, p := range f.params {
		s := p.Name
		if p.Repeat {
			s += ", ..."
		}
		if p.Optional {
			s = "[" + s + "]"
		}
		args = append(args, s)
	}
	switch {
	case f.Class != Operator || len(args) < 2:
		return f.Name + "(" + strings.Join(args, ", ") + ")"
	case f.params[1].Repeat:
		args[1] = "(" + args[1] + ")"
	}
	return args[0] + " " + f.Name + " " + args[1]
}

// Accept returns the type to which an argument of type t is converted for a
// parameter of that kind. The error is a sentence for people.
//
// Kinds: any; scalar (any but an array or bag, in what it means); text (any,
// converted with tostring); string and stringish (string, or dynamic, which is
// converted); integer;
// number; real; bool; datetime; timespan; summable; dynamic; array and bag
// (dynamic, by another name for people); orderable and plain (not dynamic).
func (p Param) Accept(t value.Type) (value.Type, error) {
	if t == value.Unknown {
		return t, nil
	}
	want, ok := t, true
	switch p.Kind {
	case "any", "scalar", "type", "column":
	case "text":
		want = value.StringType
	case "string", "stringish":
		want, ok = value.StringType, t == value.StringType || t == value.DynamicType
	case "integer":
		want, ok = value.LongType, t.IsInteger()
	case "number":
		ok = t.IsNumber()
	case "real":
		want, ok = value.RealType, t.IsNumber()
	case "bool":
		ok = t == value.BoolType
	case "datetime":
		ok = t == value.DatetimeType
	case "timespan":
		ok = t == value.TimespanType
	case "summable":
		ok = t.IsSummable()
	case "orderable", "plain":
		ok = t != value.DynamicType
	case "dynamic", "array", "bag":
		want, ok = value.DynamicType, t == value.DynamicType
	case "guid":
		ok = t == value.GuidType
	case "json":
		ok = t == value.StringType || t == value.DynamicType
	case "guidish":
		ok = t == value.StringType || t == value.DynamicType || t == value.GuidType
	default:
		panic("funcs: unknown kind of parameter: " + p.Kind)
	}
	if !ok {
		return t, fmt.Errorf("%s must be %s, not %s", p.Name, kindNames[p.Kind], t)
	}
	return want, nil
}

var kindNames = map[string]string{
	"string": "a string or dynamic", "stringish": "a string or dynamic", "integer": "an integer", "number": "a number",
	"real": "a number", "bool": "a bool", "datetime": "a datetime", "timespan": "a timespan",
	"summable": "a number, timespan or datetime", "orderable": "a value that can be ordered, which dynamic cannot",
	"dynamic": "dynamic", "array": "a dynamic array", "bag": "a dynamic property bag", "guid": "a guid",
	"json": "a string or dynamic", "guidish": "a string, dynamic or guid", "plain": "a plain value",
}
