package capture

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/rlimit"

	"github.com/sekisho/sekisho/internal/flow"
)

// Recorder is the loaded and attached program and what is needed to read it.
type Recorder struct {
	config   Config
	programs *ebpf.Collection
	set      *set     // of the program that records from now on
	old      []*set   // of those whose place it takes, the oldest first
	reasons  *reasons // nil when not asked for, or not to be had
	deaf     error    // why not

	decoder    decoder
	events     []flow.Event // of the batch that is handed out
	queue      queue
	gaps       *gapCounter
	book       book
	resumed    bool
	ended      map[ebpf.MapID]tally // predecessors that are in the journal whole
	doubts     []error
	unreadable []Unreadable
	until      int64        // what happened before, by the monotonic clock, has been read
	behind     int64        // kernel time up to which the ring that is furthest behind was read; more than any where all were read whole
	unread     atomic.Int64 // kernel time of what may still be in the rings after a turn; 0: they were read whole
	settled    atomic.Int64 // kernel time up to which every event was delivered; 0 before the first turn of Run
	held       atomic.Int64 // kernel time of the oldest event read and not delivered; 0 without one

	readings []reading // memory for what is read in a turn

	closing sync.RWMutex // held while counters are read; for writing while sets go
	closed  bool
}

// Open loads the program and opens its rings. Where PinPath holds those of an
// earlier process with the same program they are taken over, as they record
// on; where it holds another program's, that one goes on until Resume or Run.
// Otherwise the program is attached to the forward hook of the calling
// process's network namespace.
func Open(config Config) (*Recorder, error) {
	config.Counts = config.Counts.orOwn()
	r := &Recorder{config: config, gaps: newGapCounter(), book: book{journal: config.Journal}, behind: math.MaxInt64}
	fresh := ""
	if config.PinPath != "" {
		folder, err := config.setFolder()
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
			fresh = folder
		}
	}
	if err := r.open(); err != nil {
		err = errors.Join(explain(err), r.Close())
		if fresh != "" { // what is pinned now is of no use to anybody
			err = errors.Join(err, removePins(fresh))
		}
		return nil, err
	}
	return r, nil
}

func (r *Recorder) open() error {
	// Only kernels before 5.11 need it; it costs nothing elsewhere.
	_ = rlimit.RemoveMemlock()
	if err := r.load(); err != nil {
		return err
	}
	if err := r.findPredecessors(); err != nil {
		return err
	}
	if len(r.old) == 0 {
		if err := r.attach(); err != nil {
			return err
		}
	}
	if r.config.Reasons {
		// Not a reason to record nothing.
		if r.reasons, r.deaf = listenReasons(r.config.ReasonsRate, r.config.Counts); r.deaf == nil {
			r.reasons.ask = r.config.Ask
		}
	}
	r.queue = newQueue(r.reasons, r.config.Counts.ReasonsLacking)
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return fmt.Errorf("read boot id: %w", err)
	}
	r.decoder = decoder{
		boot:       strings.TrimSpace(string(boot)),
		clock:      newClock(readClocks()),
		interfaces: &interfaceNames{},
	}
	return nil
}

// Deaf says why the kernel's reasons cannot be heard, where they were asked
// for; nil if they can. INVALID events have the reason UNKNOWN then.
func (r *Recorder) Deaf() error { return r.deaf }

// Close ends the reading. What is pinned stays and goes on recording into its
// rings; without a PinPath recording ends.
func (r *Recorder) Close() error {
	r.closing.Lock()
	defer r.closing.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	var errs []error
	if r.reasons != nil {
		errs = append(errs, r.reasons.close())
	}
	for _, s := range r.sets() {
		if s != nil {
			errs = append(errs, s.close())
		}
	}
	if r.programs != nil {
		r.programs.Close()
	}
	return errors.Join(errs...)
}
