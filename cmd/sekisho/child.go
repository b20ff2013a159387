package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// child is a process of ours that is started again when it ends: the firewall
// must not end because its logs do, nor the other way round.
type child struct {
	name string
	args []string
	// credential is the user that it runs as; nil for our own.
	credential *syscall.Credential
	// out gets what it writes; nil for our own standard error.
	out *os.File
	log *slog.Logger
}

const (
	// againAfter is how long a child that ended at once is left alone.
	againAfter = 2 * time.Second
	// childGrace is how long a child may take to end.
	childGrace = 20 * time.Second
)

// keep runs the child until the context ends. It must not share its thread with
// other goroutines: the kernel ends the child when that thread ends, which is
// with this process, whatever becomes of it.
func (c *child) keep(ctx context.Context) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		begin := time.Now()
		err := c.run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == exitUsage {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		c.log.Error("a process ended and is started again", "process", c.name, "after", time.Since(begin).Round(time.Second), "reason", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(againAfter):
		}
	}
}

// run runs the child once.
func (c *child) run(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, c.args...)
	cmd.Stdout, cmd.Stderr = cmp.Or(c.out, os.Stderr), cmp.Or(c.out, os.Stderr)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = childGrace
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM, Credential: c.credential}
	return cmd.Run()
}
