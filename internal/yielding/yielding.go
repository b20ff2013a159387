// Package yielding has a thread that gives way: it works when no other thread wants
// the CPU.
//
// It does so with the kernel's scheduling policy SCHED_IDLE (sched(7)), whose threads
// are preempted at once by any other that wakes up, and do not keep others from taking
// their CPU. In exchange they get next to nothing where all CPUs are busy: a third of a
// percent, seconds apart. So somebody must look whether the work is late, and have the
// thread insist then. Until it does, whoever waits for the thread waits as long: for a
// lock that it holds, or, as all goroutines do, for the garbage collector to stop it.
package yielding

import (
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// Thread is the thread that a goroutine is bound to. Its methods are safe for
// concurrent use, and of a nil Thread do nothing.
type Thread struct {
	mu     sync.Mutex
	id     int
	yields bool
	ended  bool
}

// Bind binds the calling goroutine to its thread until Release. The thread insists at
// first. The error says why this process' threads cannot give way, as they could not
// insist again; nothing is bound then.
func Bind() (*Thread, error) {
	if err := reversible(); err != nil {
		return nil, err
	}
	leaveRoom(1)
	runtime.LockOSThread()
	return &Thread{id: unix.Gettid()}, nil
}

// reversible tries it with a thread that nobody needs afterwards.
func reversible() error {
	tried := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: it ends with the goroutine
		if err := set(0, unix.SCHED_IDLE); err != nil {
			tried <- fmt.Errorf("give way: %w", err)
			return
		}
		if err := set(0, unix.SCHED_NORMAL); err != nil {
			err = fmt.Errorf("insist again: %w (it takes a limit RLIMIT_NICE of 20, or CAP_SYS_NICE)", err)
			tried <- err
			return
		}
		tried <- nil
	}()
	return <-tried
}

// bound is how many threads are.
var bound struct {
	sync.Mutex
	threads int
}

// leaveRoom lets other goroutines run, above all the one that looks, while all threads
// that give way wait for a CPU: each has one of Go's places meanwhile.
func leaveRoom(more int) {
	bound.Lock()
	defer bound.Unlock()
	bound.threads += more
	if runtime.GOMAXPROCS(0) <= bound.threads {
		runtime.GOMAXPROCS(bound.threads + 1)
	}
}

// Yield has the thread give way from now on.
func (t *Thread) Yield() error { return t.change(true, unix.SCHED_IDLE) }

// Insist has the thread compete with others from now on, as any thread does.
func (t *Thread) Insist() error { return t.change(false, unix.SCHED_NORMAL) }

func (t *Thread) change(yields bool, policy uint32) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.yields == yields || t.ended {
		return nil
	}
	if err := set(t.id, policy); err != nil {
		return fmt.Errorf("change a thread's scheduling policy: %w", err)
	}
	t.yields = yields
	return nil
}

// Yields reports whether the thread gives way.
func (t *Thread) Yields() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.yields
}

// Release has the thread insist again, and the calling goroutine, which bound it, be
// bound no more.
func (t *Thread) Release() {
	if t == nil {
		return
	}
	if t.Insist() == nil { // else the thread ends with the goroutine
		runtime.UnlockOSThread()
	}
	leaveRoom(-1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
}

// set is sched_setattr(2) of a thread of this process; 0 is the calling one. Its nice
// value stays.
func set(thread int, policy uint32) error {
	attr, err := unix.SchedGetAttr(thread, 0)
	if err != nil {
		return err
	}
	return unix.SchedSetAttr(thread, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: policy, Nice: attr.Nice}, 0)
}
