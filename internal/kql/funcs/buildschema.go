package funcs

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// schemaOf is what buildschema learns of the values in one place: the types of
// plain ones, and one container that all bags and arrays fit.
type schemaOf struct {
	kinds     []string // in the order in which they came; "" stands for the container
	keys      []string
	members   map[string]*schemaOf
	inElement *schemaOf
}

// indexer is the key under which a schema tells of an array's elements.
const indexer = "`indexer`"

func evalBuildSchema(c *Call) any {
	s := &schemaOf{}
	for _, v := range c.Array(0) {
		s.add(v)
	}
	return s.value()
}

func (s *schemaOf) add(v any) {
	kind, _ := evalGetType(&Call{Args: []any{v}, Types: []value.Type{value.DynamicType}}).(string)
	switch v := v.(type) {
	case nil:
		return
	case *value.Bag:
		kind = ""
		for _, k := range v.Keys {
			if s.members[k] == nil {
				if s.members == nil {
					s.members = map[string]*schemaOf{}
				}
				s.members[k], s.keys = &schemaOf{}, append(s.keys, k)
			}
			e, _ := v.Get(k)
			s.members[k].add(e)
		}
	case value.Array:
		kind = ""
		if s.inElement == nil {
			s.inElement = &schemaOf{}
		}
		for _, e := range v {
			s.inElement.add(e)
		}
	}
	if !slices.Contains(s.kinds, kind) {
		s.kinds = append(s.kinds, kind)
	}
}

// value writes one type as it is and several as an array.
func (s *schemaOf) value() any {
	out := value.Array{}
	for _, kind := range s.kinds {
		if kind != "" {
			out = append(out, kind)
			continue
		}
		b := value.NewBag()
		for _, k := range s.keys {
			b.Set(k, s.members[k].value())
		}
		if s.inElement != nil {
			b.Set(indexer, s.inElement.value())
		}
		out = append(out, b)
	}
	switch len(out) {
	case 0:
		return nil
	case 1:
		return out[0]
	}
	return out
}
