package funcs

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// steps splits a key into the keys on the way to it: "a" is one, "$.a.b" two.
func steps(path string) []string {
	if !strings.HasPrefix(path, "$.") {
		return []string{path}
	}
	return strings.Split(path[2:], ".")
}

// Path follows a key, or a path such as $.a.b, into a bag.
func Path(v any, path string) (any, bool) {
	for _, step := range steps(path) {
		b, ok := v.(*value.Bag)
		if !ok {
			return nil, false
		}
		if v, ok = b.Get(step); !ok {
			return nil, false
		}
	}
	return v, true
}

func evalBagHasKey(c *Call) any {
	b := c.Bag(0)
	if b == nil {
		return nil
	}
	_, ok := Path(b, c.Str(1))
	return ok
}

func evalBagSetKey(c *Call) any {
	if c.Bag(0) == nil || c.Args[1] == nil {
		return nil
	}
	return setPath(c.Bag(0), steps(c.Str(1)), c.Args[2])
}

// setPath gives a copy of the bag with a value at the path. The key that is set
// comes last; bags on the way to it keep their place and are made where they
// are missing.
func setPath(b *value.Bag, path []string, v any) *value.Bag {
	key := path[0]
	if len(path) > 1 {
		out := value.NewBag()
		if b != nil {
			out = copyBag(b, func(string) bool { return true })
		}
		inner, _ := out.Get(key)
		below, _ := inner.(*value.Bag)
		out.Set(key, setPath(below, path[1:], v))
		return out
	}
	out := value.NewBag()
	if b != nil {
		out = copyBag(b, func(k string) bool { return k != key })
	}
	out.Set(key, v)
	return out
}

func evalBagRemoveKeys(c *Call) any {
	out, keys := c.Bag(0), c.Array(1)
	if out == nil {
		return nil
	}
	for _, k := range keys {
		if path, ok := k.(string); ok {
			out = withoutPath(out, steps(path))
		}
	}
	return out
}

// withoutPath gives a copy of the bag without what is at the path.
func withoutPath(b *value.Bag, path []string) *value.Bag {
	if len(path) == 1 {
		return copyBag(b, func(k string) bool { return k != path[0] })
	}
	inner, _ := b.Get(path[0])
	below, ok := inner.(*value.Bag)
	if !ok {
		return b
	}
	out := copyBag(b, func(string) bool { return true })
	out.Set(path[0], withoutPath(below, path[1:]))
	return out
}

// evalBagZip leaves out keys that are no strings; values that are missing are
// null.
func evalBagZip(c *Call) any {
	keys, ok := c.Args[0].(value.Array)
	if !ok {
		return nil
	}
	values := c.Array(1)
	out := value.NewBag()
	for i, k := range keys {
		if key, ok := k.(string); ok {
			out.Set(key, elementOf(values, i))
		}
	}
	return out
}
