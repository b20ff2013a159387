package capture

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"

	"github.com/sekisho/sekisho/internal/flow"
)

// Want says which events the program sends from now on: those of a flag for
// which the function returns true. Others cost next to nothing, and are neither
// recorded nor lost. It holds until the next call, also without a process.
func (r *Recorder) Want(wanted func(flow.Flag) bool) error {
	r.closing.RLock()
	defer r.closing.RUnlock()
	if r.closed || r.set.unwanted == nil {
		return errors.New("say which events are wanted: nothing records")
	}
	var mask uint32
	for flag := range flow.Flag(len(RecordTally{}.Recorded)) {
		if !wanted(flag) {
			mask |= 1 << flag
		}
	}
	if err := r.set.unwanted.Update(uint32(0), mask, ebpf.UpdateAny); err != nil {
		return fmt.Errorf("say which events are wanted: %w", err)
	}
	return nil
}
