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
	at   uint32 // its place, from 1; 0 is free
}

const fewestSlots = 1024

func newTuples() tuples {
	return tuples{seed: maphash.MakeSeed(), bits: math.MaxUint32, slots: make([]slot, fewestSlots)}
}

// hash is one of a pair's bytes, of which none is padding: the same in each zone,
// so those of all zones stand together.
func (t *tuples) hash(p *pair) uint32 {
	return uint32(maphash.Bytes(t.seed, unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p)))) & t.bits
}

func (t *tuples) mask() uint32 { return uint32(len(t.slots) - 1) }

// find returns the slot that a tuple has, or the free one that it would have.
func (t *tuples) find(k *key, hash uint32, in *entries) *slot {
	for i := hash & t.mask(); ; i = (i + 1) & t.mask() {
		s := &t.slots[i]
		if s.at == 0 || s.hash == hash && in.at(s.at).key == *k {
			return s
		}
	}
}

func (t *tuples) get(k *key, in *entries) *entry {
	if s := t.find(k, t.hash(&k.pair), in); s.at != 0 {
		return in.at(s.at)
	}
	return nil
}

// inAnyZone are the entries of a pair of endpoints, whatever their zones are.
func (t *tuples) inAnyZone(p *pair, in *entries) iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		hash := t.hash(p)
		for i := hash & t.mask(); t.slots[i].at != 0; i = (i + 1) & t.mask() {
			if s := t.slots[i]; s.hash == hash && in.at(s.at).key.pair == *p && !yield(in.at(s.at)) {
				return
			}
		}
	}
}

// put makes an entry the newest one of its tuple.
func (t *tuples) put(c *entry, in *entries) {
	if 2*(t.n+1) > len(t.slots) {
		t.grow()
	}
	hash := t.hash(&c.key.pair)
	s := t.find(&c.key, hash, in)
	if s.at == 0 {
		t.n++
	}
	*s = slot{hash, c.place}
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

// remove forgets an entry, if it is the newest one of its tuple.
func (t *tuples) remove(c *entry) {
	i := t.hash(&c.key.pair) & t.mask()
	for t.slots[i].at != c.place {
		if t.slots[i].at == 0 {
			return
		}
		i = (i + 1) & t.mask()
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
