package yielding

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// policyOf reads the scheduling policy of a thread as others see it (proc_pid_stat(5),
// field 41).
func policyOf(t *testing.T, thread int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", thread))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), ") ") // field 2 may have spaces
	return strings.Fields(after)[41-3]
}

// bindOrSkip is for where threads cannot insist again.
func bindOrSkip(t *testing.T) *Thread {
	t.Helper()
	thread, err := Bind()
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return thread
}

func TestAThreadGivesWayAndInsistsAgain(t *testing.T) {
	thread := bindOrSkip(t)
	id := unix.Gettid()
	want := func(policy, when string) {
		t.Helper()
		if got := policyOf(t, id); got != policy {
			t.Errorf("%s it has policy %s, want %s", when, got, policy)
		}
	}
	want("0", "when it is bound")
	asked := make(chan error)
	go func() { asked <- thread.Yield() }() // by another thread, as it is meant
	if err := <-asked; err != nil {
		t.Fatal(err)
	}
	want("5", "when it gives way") // SCHED_IDLE
	if !thread.Yields() {
		t.Error("it says that it does not give way")
	}
	go func() { asked <- thread.Insist() }()
	if err := <-asked; err != nil {
		t.Fatal(err)
	}
	want("0", "when it insists")
	if err := thread.Yield(); err != nil {
		t.Fatal(err)
	}
	thread.Release()
	want("0", "when it is released")
}

// TestAPolicyThatSomebodyChoseStays: a batch thread is one again, and one that is to be
// idle, or has a real-time policy, is let alone.
func TestAPolicyThatSomebodyChoseStays(t *testing.T) {
	bindOrSkip(t).Release()
	in := func(policy uint32, do func(thread *Thread, err error)) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread() // for good: the thread ends with its policy
			if err := set(0, policy); err != nil {
				t.Error(err)
				return
			}
			do(Bind())
		}()
		<-done
	}
	in(unix.SCHED_BATCH, func(thread *Thread, err error) {
		if err != nil {
			t.Error(err)
			return
		}
		if err := thread.Yield(); err != nil {
			t.Error(err)
		}
		thread.Release()
		if attr, err := unix.SchedGetAttr(0, 0); err != nil || attr.Policy != unix.SCHED_BATCH {
			t.Errorf("a batch thread that was released: %+v, %v", attr, err)
		}
	})
	in(unix.SCHED_IDLE, func(_ *Thread, err error) {
		if err == nil {
			t.Error("a thread that is to be idle would insist")
		}
	})
}

// TestANiceValueStays: who has made the process nice wants it to be so.
func TestANiceValueStays(t *testing.T) {
	done := make(chan string)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with its nice value
		if err := unix.Setpriority(unix.PRIO_PROCESS, 0, 7); err != nil {
			done <- err.Error()
			return
		}
		if err := set(0, unix.SCHED_IDLE); err != nil {
			done <- err.Error()
			return
		}
		attr, err := unix.SchedGetAttr(0, 0)
		done <- fmt.Sprint(attr.Nice, err)
	}()
	if got := <-done; got != "7 <nil>" {
		t.Errorf("nice value and error: %s, want 7", got)
	}
}

// TestOthersRunWhileAllThatYieldWait: each has one of Go's places.
func TestOthersRunWhileAllThatYieldWait(t *testing.T) {
	bindOrSkip(t).Release()
	const many = 9
	release, released := make(chan struct{}), make(chan struct{})
	for range many {
		bound := make(chan struct{})
		go func() {
			thread, err := Bind()
			close(bound)
			<-release
			if err != nil {
				t.Error(err)
			} else {
				thread.Release()
			}
			released <- struct{}{}
		}()
		<-bound
	}
	if got := runtime.GOMAXPROCS(0); got <= many {
		t.Errorf("%d threads are bound, and %d goroutines may run: want more", many, got)
	}
	close(release)
	for range many {
		<-released
	}
}
