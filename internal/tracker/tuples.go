package tracker

import (
	"hash/maphash"
	"iter"
	"math"
	"unsafe"
)

// tuples find the newest incarnation of a tuple: a hash table with open
// addressing. Of a hundred thousand connections hardly one is in a processor's
// cache when its next packet comes, and each further place in memory costs as
// much as all that is done with the packet. A Go map looks at four before it has
// the entry; this table at one, and the tuple is compared in the entry, which is
// looked at anyway. It has no pointers: the garbage collector passes it over.
type tuples struct {
	seed  maphash.Seed
	bits  uint32 // of a hash that count: all, but in tests
	slots []slot // a power of two, at most half of them taken
	n     int
}

// slot is where an entry may be, from its hash on up to the first free one.
type slot struct {
	hash uint32
	at   place // 0 is free
}

const fewestSlots = 1024

func newTuples() tuples {
	return tuples{seed: maphash.MakeSeed(), bits: math.MaxUint32, slots: make([]slot, fewestSlots)}
}

// hash is one of a pair's bytes, of which none is padding.
func (t *tuples) hash(p *pair) uint32 {
	return uint32(maphash.Bytes(t.seed, unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p)))) & t.bits
}

func (t *tuples) mask() uint32 { return uint32(len(t.slots) - 1) }

// find returns the slot that a tuple has, or the free one that it would have.
func (t *tuples) find(k *key, in *memory) *slot {
	for i := k.hash & t.mask(); ; i = (i + 1) & t.mask() {
		s := &t.slots[i]
		if s.at == 0 || s.hash == k.hash && *in.key(s.at) == *k {
			return s
		}
	}
}

// inAnyZone are the places of a key's endpoints, whatever the zones are. What is
// there may move meanwhile.
func (t *tuples) inAnyZone(k *key, in *memory) iter.Seq[place] {
	return func(yield func(place) bool) {
		for i := k.hash & t.mask(); t.slots[i].at != 0; i = (i + 1) & t.mask() {
			if s := t.slots[i]; s.hash == k.hash && in.key(s.at).pair == k.pair && !yield(s.at) {
				return
			}
		}
	}
}

// put makes an entry the newest one of its tuple.
func (t *tuples) put(c *entry, in *memory) {
	if 2*(t.n+1) > len(t.slots) {
		t.grow()
	}
	s := t.find(&c.key, in)
	if s.at == 0 {
		t.n++
	}
	*s = slot{c.key.hash, c.place}
}

// move notes that what was at a place is at another one.
func (t *tuples) move(from, to place, hash uint32) {
	if i, ok := t.slotOf(from, hash); ok {
		t.slots[i].at = to
	}
}

// slotOf is the slot that has a place.
func (t *tuples) slotOf(at place, hash uint32) (i uint32, ok bool) {
	for i = hash & t.mask(); t.slots[i].at != at; i = (i + 1) & t.mask() {
		if t.slots[i].at == 0 {
			return 0, false
		}
	}
	return i, true
}

func (t *tuples) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	for _, s := range old {
		if s.at != 0 {
			i := s.hash & t.mask()
			for t.slots[i].at != 0 {
				i = (i + 1) & t.mask()
			}
			t.slots[i] = s
		}
	}
}

// remove forgets what is at a place, if it is the newest one of its tuple.
func (t *tuples) remove(at place, hash uint32) {
	i, ok := t.slotOf(at, hash)
	if !ok {
		return
	}
	t.n--
	// Those behind it move up, as long as that brings them no further than home.
	for next := i; ; {
		next = (next + 1) & t.mask()
		s := t.slots[next]
		if s.at == 0 {
			break
		}
		if home := s.hash & t.mask(); (next-home)&t.mask() >= (next-i)&t.mask() {
			t.slots[i], i = s, next
		}
	}
	t.slots[i] = slot{}
}
