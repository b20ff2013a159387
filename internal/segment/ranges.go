package segment

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Ranges is a set of sequences, as ranges from [0] to [1] that are in order and
// neither overlap nor touch. It takes no room for what comes without gaps.
type Ranges [][2]uint64

// Has reports whether n is in the set.
func (r Ranges) Has(n uint64) bool {
	i, _ := r.search(n)
	return i < len(r) && r[i][0] <= n
}

// search finds the first range that ends at n or later.
func (r Ranges) search(n uint64) (int, bool) {
	return slices.BinarySearchFunc(r, n, func(x [2]uint64, n uint64) int {
		if x[1] < n {
			return -1
		}
		return 1
	})
}

// Add returns the set with n in it. The set itself may change.
func (r Ranges) Add(n uint64) Ranges { return r.AddRange(n, n) }

// AddRange returns the set with all from one to another in it. The set itself
// may change.
func (r Ranges) AddRange(from, to uint64) Ranges {
	first, _ := r.search(from - min(from, 1))
	last := first
	for last < len(r) && r[last][0] <= to+1 {
		from, to = min(from, r[last][0]), max(to, r[last][1])
		last++
	}
	return slices.Replace(r, first, last, [2]uint64{from, to})
}

// Covers reports whether all of other is in the set.
func (r Ranges) Covers(other Ranges) bool {
	for _, x := range other {
		i, _ := r.search(x[0])
		if i == len(r) || r[i][0] > x[0] || r[i][1] < x[1] {
			return false
		}
	}
	return true
}

// Overlaps reports whether some of other is in the set.
func (r Ranges) Overlaps(other Ranges) bool {
	for _, x := range other {
		if i, _ := r.search(x[0]); i < len(r) && r[i][0] <= x[1] {
			return true
		}
	}
	return false
}

// UnmarshalJSON reads ranges, and refuses what are none.
func (r *Ranges) UnmarshalJSON(data []byte) error {
	var raw [][2]uint64
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	for i, x := range raw {
		if x[0] == 0 || x[1] < x[0] || x[1] == ^uint64(0) || i > 0 && x[0] <= raw[i-1][1]+1 {
			return fmt.Errorf("%v are no ranges in order", raw)
		}
	}
	*r = raw
	return nil
}
