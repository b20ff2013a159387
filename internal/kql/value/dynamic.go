package value

// Array is a dynamic array.
type Array = []any

// Bag is a dynamic property bag. Keys keep the order in which they came.
type Bag struct {
	Keys   []string
	values map[string]any
}

// NewBag returns an empty bag.
func NewBag() *Bag { return &Bag{values: map[string]any{}} }

// Set puts a value under key, in the place of an older one.
func (b *Bag) Set(key string, v any) {
	if _, ok := b.values[key]; !ok {
		b.Keys = append(b.Keys, key)
	}
	b.values[key] = v
}

// Get returns the value under key.
func (b *Bag) Get(key string) (v any, ok bool) {
	v, ok = b.values[key]
	return v, ok
}

// Len is the number of keys.
func (b *Bag) Len() int { return len(b.Keys) }

// Equal compares two values as dynamic values: numbers by value, arrays and
// bags by content, bags whatever the order of their keys.
func Equal(a, b any) bool {
	switch x := a.(type) {
	case Array:
		y, ok := b.(Array)
		return ok && equalArrays(x, y)
	case *Bag:
		y, ok := b.(*Bag)
		return ok && equalBags(x, y)
	case nil:
		return b == nil
	}
	if b == nil {
		return false
	}
	switch b.(type) {
	case Array, *Bag:
		return false
	}
	c, ok := Compare(a, b)
	return ok && c == 0
}

func equalArrays(x, y Array) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if !Equal(x[i], y[i]) {
			return false
		}
	}
	return true
}

func equalBags(x, y *Bag) bool {
	if x.Len() != y.Len() {
		return false
	}
	for _, k := range x.Keys {
		v, ok := y.Get(k)
		if !ok || !Equal(x.values[k], v) {
			return false
		}
	}
	return true
}
