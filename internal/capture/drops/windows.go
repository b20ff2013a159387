package drops

import (
	"errors"
	"fmt"
	"time"

	"github.com/cilium/ebpf"
)

// windows are the two maps in which the program counts repeats: it writes to
// one while the other is read and emptied.
type windows struct {
	outer            *ebpf.Map // tells the program which
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

// end begins a new window and returns the repeats of the old one.
func (w *windows) end() ([]record, error) {
	// The kernel returns from this only when no program can still be writing
	// to the old window (maybe_wait_bpf_programs in kernel/bpf/syscall.c): so
	// each repeat is counted, and once.
	if err := w.outer.Put(uint32(0), w.resting); err != nil {
		return nil, fmt.Errorf("begin a new window of repeats: %w", err)
	}
	w.current, w.resting = w.resting, w.current
	w.began, w.used = time.Now(), false
	return takeAll(w.resting)
}

// takeAll empties a window and returns those entries that have repeats.
func takeAll(window *ebpf.Map) ([]record, error) {
	const batch = 512
	packets, counts := make([]kernelPacket, batch), make([]kernelFolded, batch)
	var cursor ebpf.MapBatchCursor
	var records []record
	for {
		n, err := window.BatchLookupAndDelete(&cursor, packets, counts, nil)
		for i := range n {
			if f := counts[i]; f.Count > 0 {
				records = append(records, record{packet: packets[i], last: f.Last, count: f.Count})
			}
		}
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			return records, nil
		}
		if err != nil {
			return records, fmt.Errorf("read window of repeats: %w", err)
		}
	}
}
