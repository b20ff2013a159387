package bind

import (
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/syntax"
	"github.com/sekisho/sekisho/internal/kql/value"
)

func init() { plugins["bag_unpack"] = bagUnpack }

// bagUnpack makes a column of each key that the bags of a column have. Which
// keys there are, and of which types, only the rows tell: they are read first.
func bagUnpack(b *binder, r *relation, op syntax.Evaluate) *relation {
	args := pluginArgs(op.Call)
	col := b.pluginColumn(r, args, 0, "column", value.DynamicType)
	if col == nil {
		return nil
	}
	prefix := b.pluginText(args, 1, "column_prefix")
	conflict := b.pluginText(args, 2, "columnsConflict")
	rows, ok := b.rows(op.Span, r, []*plan.Column{col})
	if !ok {
		return nil
	}
	types := keyTypes(rows)
	var items []item
	for _, it := range r.all() {
		if it.name != col.Name {
			items = append(items, it)
		} else if t, there := types[col.Name]; there && prefix == "" {
			items = append(items, item{name: col.Name, x: b.key(col, col.Name, t)})
			delete(types, col.Name)
		}
	}
	for _, key := range sortedKeys(types) {
		name := prefix + key
		at := slices.IndexFunc(items, func(it item) bool { return it.name == name })
		switch {
		case at < 0:
			items = append(items, item{name: name, x: b.key(col, key, types[key])})
		case conflict == "replace_source":
			items[at].x = b.key(col, key, types[key])
		case conflict != "keep_source":
			b.report(op.Span, "give a prefix, or columnsConflict='replace_source' or 'keep_source'", "a column '%s' is there already", name)
		}
	}
	return b.project(r, items)
}

// key is the value under a key, converted to the type that all rows share.
func (b *binder) key(col *plan.Column, key string, t value.Type) plan.Expr {
	x := b.apply(syntax.Span{}, funcs.Must("member"), []plan.Expr{&plan.Ref{Col: col}, &plan.Lit{T: value.StringType, Value: key}})
	return b.cast(x, t)
}

// keyTypes gives the keys of bags with the type that their values share.
func keyTypes(rows [][]any) map[string]value.Type {
	out := map[string]value.Type{}
	for _, row := range rows {
		bag, ok := row[0].(*value.Bag)
		if !ok {
			continue
		}
		for _, k := range bag.Keys {
			v, _ := bag.Get(k)
			out[k] = shared(out[k], v)
		}
	}
	for k, t := range out {
		if t == value.Unknown {
			out[k] = value.DynamicType
		}
	}
	return out
}

// shared is the type of what was seen before and of v: numbers widen, what is
// not alike is dynamic.
func shared(before value.Type, v any) value.Type {
	if v == nil {
		return before
	}
	t, ok := funcs.Common([]value.Type{before, value.TypeOf(v)})
	if !ok {
		return value.DynamicType
	}
	return t
}

func sortedKeys(m map[string]value.Type) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, strings.Compare)
	return out
}
