package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockPoll is short against the second or two for which a lock is held.
const lockPoll = 20 * time.Millisecond

// makeFolder makes the folder of a lab's state. Only what is below labsFolder
// is secret: others reach firewalls through the sockets beside it.
func makeFolder(lab string) error {
	if err := os.MkdirAll(runFolder, 0o755); err != nil {
		return err
	}
	return os.MkdirAll(folderOf(lab), 0o700)
}

// lock takes the right to change a lab, which a process loses when it ends,
// and returns the function that gives it back. It waits while another process
// has it, as long as ctx lasts. The error is fs.ErrNotExist for a lab without
// a folder.
//
// The lock is on the folder itself, so nothing of it is left when the folder
// is removed. Whoever waited has then locked what is gone, and looks again.
func lock(ctx context.Context, lab string) (unlock func(), err error) {
	for {
		folder, err := os.Open(folderOf(lab))
		if err != nil {
			return nil, err
		}
		if err := flock(ctx, folder); err != nil {
			folder.Close()
			return nil, fmt.Errorf("lock lab %s: %w", lab, err)
		}
		if stillThere(folder) {
			return func() { folder.Close() }, nil
		}
		folder.Close()
	}
}

func flock(ctx context.Context, f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(lockPoll):
		}
	}
}

func stillThere(f *os.File) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.Name())
	return err == nil && os.SameFile(opened, named)
}

// lockNew is lock for a lab whose folder may have to be made.
func lockNew(ctx context.Context, lab string) (unlock func(), err error) {
	for {
		if err := makeFolder(lab); err != nil {
			return nil, fmt.Errorf("make the folder of lab %s: %w", lab, err)
		}
		unlock, err := lock(ctx, lab)
		if !errors.Is(err, fs.ErrNotExist) { // removed by a Down between the two
			return unlock, err
		}
	}
}
