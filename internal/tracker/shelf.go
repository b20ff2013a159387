package tracker

import (
	"math"

	"github.com/sekisho/sekisho/internal/flow"
)

// shelf has remains in the order in which they were put there, which is that in which
// they go. It is of parts, which are used again.
type shelf struct {
	mark     place   // in the places of what is on it
	parts    []*part // the oldest first
	spare    []*part
	from, to place // numbers: of the oldest one, and of the next; they go around
	n        int
}

// part is a piece of a shelf. What has pointers stands once for all that is there.
type part struct {
	remains   []remains
	decisions []*flow.Decision
	names     []string // of interfaces
}

// partSize is a power of two, for the numbers' sake.
const partSize = 128

// put makes remains of an entry, at the end. It has no room for one that has other
// decisions, or interfaces, than 255 before it.
func (s *shelf) put(c *entry, how ending) (at place, ok bool) {
	p := s.last()
	decision, ok1 := indexOf(&p.decisions, c.decision)
	in, ok2 := indexOf(&p.names, c.in)
	out, ok3 := indexOf(&p.names, c.out)
	if !ok1 || !ok2 || !ok3 {
		return 0, false
	}
	p.remains[s.to%partSize] = remains{c.story, how, c.told.updates, decision, in, out}
	at = s.mark | s.to
	s.to = (s.to + 1) & numbers
	s.n++
	return at, true
}

// last is the part in which there is room for one more.
func (s *shelf) last() *part {
	if s.partOf(s.to) < len(s.parts) {
		return s.parts[len(s.parts)-1]
	}
	p := s.unused()
	s.parts = append(s.parts, p)
	return p
}

func (s *shelf) unused() (p *part) {
	n := len(s.spare)
	if n == 0 {
		return &part{remains: make([]remains, partSize)}
	}
	p, s.spare = s.spare[n-1], s.spare[:n-1]
	return p
}

// indexOf is where a value is in a list, from 1, which it is added to; 0 is none.
func indexOf[T comparable](list *[]T, value T) (index uint8, ok bool) {
	var none T
	if value == none {
		return 0, true
	}
	for i, known := range *list {
		if known == value {
			return uint8(i + 1), true
		}
	}
	if len(*list) == math.MaxUint8 {
		return 0, false
	}
	*list = append(*list, value)
	return uint8(len(*list)), true
}

func atIndex[T any](list []T, index uint8) (value T) {
	if index > 0 {
		value = list[index-1]
	}
	return value
}

// partOf is which part a number is in.
func (s *shelf) partOf(number place) int {
	return int((number-s.from&^(partSize-1))&numbers) / partSize
}

func (s *shelf) at(at place) (*remains, *part) {
	p := s.parts[s.partOf(at&numbers)]
	return &p.remains[at%partSize], p
}

// oldest is the one that has been there for longest; nil where there is none. Parts
// that are empty before it are made free.
func (s *shelf) oldest() *remains {
	for ; s.from != s.to; s.from = (s.from + 1) & numbers {
		if r := &s.parts[0].remains[s.from%partSize]; r.ending != 0 {
			return r
		}
		if s.from%partSize == partSize-1 {
			s.free()
		}
	}
	return nil
}

// free takes the first part away.
func (s *shelf) free() {
	p := s.parts[0]
	clear(p.decisions)
	clear(p.names)
	p.decisions, p.names = p.decisions[:0], p.names[:0]
	s.parts[0] = nil
	s.parts, s.spare = s.parts[1:], append(s.spare, p)
}

// remove takes one away.
func (s *shelf) remove(r *remains) {
	r.ending = 0
	s.n--
}
