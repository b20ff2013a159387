package capabilities

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// deathSignal is what this process gets when its parent's thread ends. Only the
// first thread knows, which is the one that packages are initialised on.
var deathSignal int32

func init() {
	_ = unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&deathSignal)), 0, 0, 0) // fails for no reason
}

// confining tells the process, by its number, that it has begun anew for this.
const confining = "SEKISHO_CONFINING"

// Confine leaves this process, all its threads and all programs that it executes
// only those of its capabilities that a firewall needs, and no way to get others.
// It returns nil where that is so, at once or because of a user who has none to
// be taken away. Else it calls before, for what needs more, and begins the
// program anew with less: the only way to reach all threads that does not depend
// on what they are doing.
//
// Where it has less than a firewall needs it keeps what there is.
func Confine(ctx context.Context, before func() error) error {
	now, err := Read("/proc/thread-self/status")
	if err != nil || now.confined() || os.Geteuid() != 0 {
		return err
	}
	self := strconv.Itoa(os.Getpid())
	if os.Getenv(confining) == self {
		return fmt.Errorf("the capabilities %x of this process cannot be taken away", now.Permitted&^now.Permitted.needed())
	}
	if err := before(); err != nil {
		return err
	}
	runtime.LockOSThread() // for good: no other goroutine may have a thread with less
	if err := now.confine(); err != nil {
		return err
	}
	return BeginAnew(ctx, confining+"="+self)
}

// confine takes from the calling thread what is not needed, the bounding set
// first: changing that needs CAP_SETPCAP.
func (s State) confine() error {
	keep := s.Permitted.needed()
	if s.Effective&setPCap != 0 {
		for rest := s.Bounding &^ keep; rest != 0; rest &= rest - 1 {
			c := bits.TrailingZeros64(uint64(rest))
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil {
				return fmt.Errorf("drop capability %d from the bounding set: %w", c, err)
			}
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	low, high := uint32(keep), uint32(keep>>32)
	data := [2]unix.CapUserData{{Effective: low, Permitted: low}, {Effective: high, Permitted: high}}
	if err := unix.Capset(&header, &data[0]); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	return nil
}

// BeginAnew starts this program's image once more, in this process, with its
// arguments and something more in its environment. It goes on from the calling
// thread, with that one's capabilities and namespaces; the others end. It
// returns only an error.
func BeginAnew(ctx context.Context, environment ...string) error {
	// Who ends the process now ends it at once: nobody would tell the new image.
	signal.Reset()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(deathSignal), 0, 0, 0); err != nil {
		return fmt.Errorf("keep the signal of the parent's end: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	err = syscall.Exec(self, os.Args, append(os.Environ(), environment...))
	return errors.Join(errors.New("begin anew"), &os.PathError{Op: "execute", Path: self, Err: err})
}
