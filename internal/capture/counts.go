package capture

import "sync/atomic"

// Counts are where a recorder counts what it loses beside the rings, which the
// program in the kernel does not see. They may be in memory that outlives the
// process: each addition is one of the processor's, so that none is lost.
type Counts struct {
	// ReasonOverruns, ReasonsLacking and IgnoredLost are those of [Stats].
	ReasonOverruns, ReasonsLacking, IgnoredLost *atomic.Uint64
}

// orOwn has memory of the process where none is given.
func (c Counts) orOwn() Counts {
	for _, count := range []**atomic.Uint64{&c.ReasonOverruns, &c.ReasonsLacking, &c.IgnoredLost} {
		if *count == nil {
			*count = &atomic.Uint64{}
		}
	}
	return c
}
