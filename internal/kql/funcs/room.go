package funcs

import (
	"errors"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// ErrMemory says that a query needs more memory than allowed.
var ErrMemory = errors.New("the query needs more memory than allowed; narrow it with where, or group by fewer values")

// Room is how many bytes a value may have that a function makes, and what a
// function makes for the rows that are computed together. The engine's limit of
// memory does not hold for functions in Go, some of which make a text a thousand
// times as long as their arguments; and a result of more is refused anyway.
const Room = 64 << 20

// element is what an element of an array takes besides a text in it.
const element = 32

// Size is how many bytes a value takes, about. It does not count further when it
// is above Room: a value may hold another one many times.
func Size(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case value.Array:
		n := element * len(v)
		for i := 0; i < len(v) && n <= Room; i++ {
			n += textSize(v[i])
		}
		return n
	case *value.Bag:
		n := 2 * element * v.Len()
		for i := 0; i < v.Len() && n <= Room; i++ {
			e, _ := v.Get(v.Keys[i])
			n += len(v.Keys[i]) + textSize(e)
		}
		return n
	}
	return element
}

// textSize is what an element takes besides its place.
func textSize(v any) int {
	switch v.(type) {
	case string, value.Array, *value.Bag:
		return Size(v)
	}
	return 0
}

// grown tells whether a value is above Room, and not only because an argument is:
// lists that the engine gathers are as long as its memory allows.
func grown(v any, c *Call) bool {
	n := Size(v)
	if n <= Room {
		return false
	}
	for _, a := range c.Args {
		if Size(a) > Room {
			return false
		}
	}
	return true
}

// fits tells whether n things of so many bytes each have room, before they are
// made.
func fits(n, size int) bool { return n <= 0 || size <= 0 || n <= Room/size }

// tooMany tells whether a function that takes any number of arguments has more in
// them than what it makes of them may have.
func (f *Func) tooMany(c *Call) bool {
	last := len(f.params) - 1
	if last < 0 || !f.params[last].Repeat || c.Out != value.StringType && c.Out != value.DynamicType {
		return false
	}
	n := 0
	for i := 0; i < len(c.Args) && n <= Room; i++ {
		n += Size(c.Args[i])
	}
	return n > Room
}
