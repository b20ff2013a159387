package drops

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
)

// windows are the two maps in which the program counts repeats, one after the
// other: it writes to one while the other is read and emptied.
type windows struct {
	outer            *ebpf.Map
	current, resting *ebpf.Map
	began            time.Time
	used             bool // an event came, so the current one has an entry
}

func newWindows(maps *kernelMaps) windows {
	return windows{outer: maps.Window, current: maps.WindowA, resting: maps.WindowB, began: time.Now()}
}

// due reports whether the current window's time is over. One that is empty may
// go on.
func (w *windows) due() bool { return w.used && time.Since(w.began) >= windowTime }

// end begins a new window and hands each entry of the old one that stands for
// repeats to see.
func (w *windows) end(see func(*kernelPacket, *kernelFolded)) error {
	// The kernel returns from this only when no program can still be writing
	// to the old window (maybe_wait_bpf_programs, kernel/bpf/syscall.c): so
	// every repeat is counted once.
	if err := w.outer.Put(uint32(0), w.resting); err != nil {
		return fmt.Errorf("begin a new window: %w", err)
	}
	w.current, w.resting = w.resting, w.current
	w.began, w.used = time.Now(), false
	return w.empty(see)
}

// empty reads and removes the entries of the resting window.
func (w *windows) empty(see func(*kernelPacket, *kernelFolded)) error {
	const batch = 512
	var cursor ebpf.MapBatchCursor
	packets, counts := make([]kernelPacket, batch), make([]kernelFolded, batch)
	for {
		n, err := w.resting.BatchLookupAndDelete(&cursor, packets, counts, nil)
		for i := range n {
			if counts[i].Count > 0 {
				see(&packets[i], &counts[i])
			}
		}
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read window of repeats: %w", err)
		}
	}
}
