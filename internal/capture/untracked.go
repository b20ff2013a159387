package capture

import (
	"errors"
	"fmt"
)

// Untracked is how many packets the program has seen that conntrack was told not to
// look at ("notrack"), since it was loaded. They have no events: nothing is known of
// their connections.
func (r *Recorder) Untracked() (uint64, error) {
	r.closing.RLock()
	defer r.closing.RUnlock()
	if r.closed || r.set.untracked == nil {
		return 0, errors.New("count packets that are not tracked: nothing records")
	}
	var byCPU []uint64
	if err := r.set.untracked.Lookup(uint32(0), &byCPU); err != nil {
		return 0, fmt.Errorf("count packets that are not tracked: %w", err)
	}
	var sum uint64
	for _, n := range byCPU {
		sum += n
	}
	return sum, nil
}
