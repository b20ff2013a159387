package firewall

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
)

// guard is a process that does nothing while the one that looks on lives, and puts
// back what that has borrowed where it is killed: nobody can do that for himself.
// It holds the network namespace meanwhile, so that the next one waits for it.
type guard struct{ cmd *exec.Cmd }

func (f *Firewall) startGuard(file string) (*guard, error) {
	if len(f.config.Guard) == 0 {
		return nil, nil
	}
	claimed, err := f.instance.listener.File()
	if err != nil {
		return nil, err
	}
	defer claimed.Close()
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = slices.Concat(os.Args[:1], f.config.Guard, []string{file})
	cmd.Dir, cmd.Stderr, cmd.ExtraFiles = "/", os.Stderr, []*os.File{claimed}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a terminal's signals are not for it
	if _, err := cmd.StdinPipe(); err != nil {           // its other end closes with this process, however that ends
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the guard: %w", err)
	}
	return &guard{cmd}, nil
}

// dismiss ends the guard: everything is put back, or it would fail at it too.
func (g *guard) dismiss() error {
	err := g.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	_ = g.cmd.Wait() // it says that it was killed; and closes the pipe
	return err
}

// Guard is the guard's process, whose arguments are [Config.Guard] and the file's
// name: it returns when the process that started it is no more and what the file
// tells of has been put back.
func Guard(file string) error {
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM)
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return putBack(file)
}
