package main

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// whileRead does what goes on until its context ends, which it does too when
// nobody reads any more: head that has seen enough is not noticed by a write where
// nothing passes. The error is then that of such a write.
func whileRead(ctx context.Context, w io.Writer, do func(context.Context) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	if f, ok := w.(*os.File); ok && isPipe(f) {
		watchReader(ctx, int(f.Fd()), func() { end(syscall.EPIPE) })
	}
	err := do(ctx)
	if cause := context.Cause(ctx); errors.Is(cause, syscall.EPIPE) && (err == nil || errors.Is(err, context.Canceled)) {
		return cause
	}
	return err
}

func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

// watchReader tells when the other end of a pipe or socket is closed, unless the
// context ends before.
func watchReader(ctx context.Context, fd int, gone func()) {
	wait, wake, err := os.Pipe()
	if err != nil {
		return // the next write tells too
	}
	context.AfterFunc(ctx, func() { wake.Close() })
	go func() {
		defer wait.Close()
		// Nothing is asked for: errors and hang-ups are told all the same.
		fds := []unix.PollFd{{Fd: int32(fd)}, {Fd: int32(wait.Fd())}}
		for {
			_, err := unix.Poll(fds, -1)
			switch {
			case errors.Is(err, unix.EINTR):
			case err != nil || fds[1].Revents != 0:
				return
			default:
				gone()
				return
			}
		}
	}()
}
