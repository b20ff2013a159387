package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// Process is a program that runs as long as its lab: a firewall, or sshd.
type Process interface {
	PID() int
	// Done is closed when the process has ended; Err then tells how, and is
	// nil for exit status 0.
	Done() <-chan struct{}
	Err() error
	// Stop asks the process to end and waits for it; when ctx ends first, the
	// process is killed.
	Stop(ctx context.Context) error
}

// StartProcess starts cmd in a network namespace, named as "ip netns" names
// it. The process has a process group of its own, so a Ctrl-C on the terminal
// does not reach it: its supervisor stops it in turn.
func StartProcess(namespace string, cmd *exec.Cmd) (Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := startIn(namespace, cmd); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.err = cmd.Wait()
	}()
	return c, nil
}

// startIn starts cmd in a network namespace; a child begins in the namespace
// of the thread that it is forked from.
func startIn(namespace string, cmd *exec.Cmd) error {
	return inNamespace(namespace, cmd.Start)
}

type child struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // readable after done
}

func (c *child) PID() int              { return c.cmd.Process.Pid }
func (c *child) Done() <-chan struct{} { return c.done }

func (c *child) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

func (c *child) Stop(ctx context.Context) error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop process %d: %w", c.PID(), err)
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		_ = c.cmd.Process.Kill() // fails only where it has just ended
		<-c.done
	}
	return nil
}

// processID names a process so that another one with the same number, later,
// is not taken for it.
type processID struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"` // clock ticks after boot
}

func identify(pid int) (processID, error) {
	start, err := startTime(pid)
	return processID{pid, start}, err
}

// alive is false for a zombie too: it holds nothing any more.
func (p processID) alive() bool {
	start, err := startTime(p.PID)
	return err == nil && start == p.Start
}

// signal is safe from reused numbers: [os.FindProcess] opens a pidfd, which
// stays with the process that alive then looks at.
func (p processID) signal(s syscall.Signal) error {
	process, err := os.FindProcess(p.PID)
	if err != nil {
		return err
	}
	defer process.Release()
	if !p.alive() {
		return os.ErrProcessDone
	}
	return process.Signal(s)
}

// startTime reads a live process's field 22 of /proc/<pid>/stat; see proc(5).
func startTime(pid int) (uint64, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// Field 2 is the program's name in parentheses and may contain anything.
	_, rest, _ := cutLast(string(data), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return 0, fmt.Errorf("read start time of process %d: no such field", pid)
	}
	if state := fields[0]; state == "Z" || state == "X" {
		return 0, os.ErrProcessDone
	}
	return strconv.ParseUint(fields[19], 10, 64)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
