package tracker

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Tuples that share a hash are told apart, as those of several zones do, also while some are replaced and
// forgotten, and when there are more than there was room for.
func TestTuples(t *testing.T) {
	t.Parallel()
	for _, bits := range []uint32{0, 1, 1023, math.MaxUint32} {
		const ports = 2 * fewestSlots
		random := rand.New(rand.NewPCG(1, uint64(bits)))
		found, want, made := newTuples(), map[key]*entry{}, memory{}
		found.bits = bits
		turns := 40_000
		if bits < 1023 {
			turns = 2000 // each look is long
		}
		for turn := range turns {
			k := keyOfPort(&found, uint16(random.IntN(ports)))
			c := want[k]
			if random.IntN(5) < 3 {
				newest := made.entries.take(math.MaxInt)
				newest.key = k
				found.put(newest, &made)
				want[k] = newest
				if c != nil {
					found.remove(c.place, c.key.hash) // not the newest any more
					made.entries.giveBack(c)
				}
			} else if c != nil {
				found.remove(c.place, c.key.hash)
				made.entries.giveBack(c)
				delete(want, k)
			}
			if turn%100 == 0 {
				sameTuples(t, &found, &made, want, ports)
			}
		}
	}
}

// keyOfPort are the same endpoints in three zones, and others.
func keyOfPort(in *tuples, port uint16) key {
	p := pair{port: [2]uint16{port / 3}}
	return key{p, zone(port % 3), in.hash(&p)}
}

func sameTuples(t *testing.T, found *tuples, made *memory, want map[key]*entry, ports uint16) {
	t.Helper()
	if found.n != len(want) {
		t.Fatalf("%d bits: %d tuples, want %d", found.bits, found.n, len(want))
	}
	for port := range ports {
		k := keyOfPort(found, port)
		if s, c := found.find(&k, made), want[k]; c == nil && s.at != 0 || c != nil && s.at != c.place {
			t.Fatalf("%d bits: port %d has another entry than it was given", found.bits, port)
		}
	}
}
