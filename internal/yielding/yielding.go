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

// Thread is the thread that a goroutine is bound to. Its methods may be called by any
// goroutine, but not by two at once.
type Thread struct {
	id     int
	policy uint32 // that it had before
	yields bool
}

// Bind binds the calling goroutine to its thread until Release. The thread insists at
// first. The error says why this process' threads cannot give way: they could not
// insist again, or somebody has chosen their policy, which stays. Nothing is bound then.
func Bind() (*Thread, error) {
	runtime.LockOSThread()
	t, err := bind()
	if err != nil {
		runtime.UnlockOSThread()
	}
	return t, err
}

func bind() (*Thread, error) {
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		return nil, fmt.Errorf("look at a thread's scheduling policy: %w", err)
	}
	if attr.Policy != unix.SCHED_NORMAL && attr.Policy != unix.SCHED_BATCH {
		return nil, fmt.Errorf("the process has scheduling policy %d, as somebody has chosen", attr.Policy)
	}
	if err := reversible(attr.Policy); err != nil {
		return nil, err
	}
	leaveRoom(1)
	return &Thread{id: unix.Gettid(), policy: attr.Policy}, nil
}

// reversible tries it with a thread that nobody needs afterwards.
func reversible(policy uint32) error {
	tried := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: it ends with the goroutine
		if err := set(0, unix.SCHED_IDLE); err != nil {
			tried <- fmt.Errorf("give way: %w", err)
			return
		}
		if err := set(0, policy); err != nil {
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

// Insist has the thread compete with others from now on, as before it was bound.
func (t *Thread) Insist() error { return t.change(false, t.policy) }

func (t *Thread) change(yields bool, policy uint32) error {
	if t.yields == yields {
		return nil
	}
	if err := set(t.id, policy); err != nil {
		return fmt.Errorf("change a thread's scheduling policy: %w", err)
	}
	t.yields = yields
	return nil
}

// Yields reports whether the thread gives way.
func (t *Thread) Yields() bool { return t.yields }

// Release has the thread insist again, and the calling goroutine, which bound it, be
// bound no more.
func (t *Thread) Release() {
	if t.Insist() == nil { // else the thread ends with the goroutine
		runtime.UnlockOSThread()
	}
	leaveRoom(-1)
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
