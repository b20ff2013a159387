package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

// Stdio are the standard streams of a program; nil is /dev/null.
type Stdio struct {
	In       io.Reader
	Out, Err io.Writer
}

// killDelay is between the SIGTERM for a program whose context has ended, and
// SIGKILL.
const killDelay = 2 * time.Second

// Exec runs a program in the namespace of a node and returns its exit status,
// 128 and the signal's number where a signal ended it. While it runs, signals
// to this process go to the program, so they should not end ctx as well: when
// that ends, the program gets SIGTERM, and then SIGKILL. The error is for what
// could not be run.
func (l *Lab) Exec(ctx context.Context, node string, argv []string, stdio Stdio) (int, error) {
	if len(argv) == 0 {
		return 0, errors.New("run a program: none is given")
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdio.In, stdio.Out, stdio.Err
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = killDelay
	caught := make(chan os.Signal, 8)
	signal.Notify(caught, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(caught)
	if err := l.Start(node, cmd); err != nil {
		return 0, err
	}
	done := make(chan struct{})
	defer close(done)
	go pass(caught, done, cmd.Process)
	return exitStatus(cmd.Wait())
}

// Start starts cmd in the namespace of a node. The caller waits for it; when
// it is to live as long as the lab, [StartProcess] is the one to use.
func (l *Lab) Start(node string, cmd *exec.Cmd) error {
	n, err := l.Node(node)
	if err != nil {
		return err
	}
	return startIn(n.Namespace, cmd)
}

// pass forwards signals. Those that a terminal sends it sends to the program
// as well, which is in the same process group; twice would be once too often.
func pass(caught <-chan os.Signal, done <-chan struct{}, to *os.Process) {
	terminal := term.IsTerminal(int(os.Stdin.Fd()))
	for {
		select {
		case <-done:
			return
		case s := <-caught:
			if terminal && (s == syscall.SIGINT || s == syscall.SIGQUIT) {
				continue
			}
			_ = to.Signal(s) // fails only where it has just ended
		}
	}
}

func exitStatus(err error) (int, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case !errors.As(err, &exit):
		return 0, fmt.Errorf("run the program: %w", err)
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}
