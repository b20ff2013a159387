package lab

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestExec(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "exec", hubAndSpokes, Options{})
	if out := run(t, s.Lab, "a", "ip", "-o", "address", "show", "eth0"); !strings.Contains(out, "10.1.1.4/32") {
		t.Errorf("the addresses of a are %q", out)
	}
	if out := run(t, s.Lab, "web", "ip", "-o", "-6", "address"); out != "" {
		t.Errorf("the internet has IPv6 addresses: %q", out)
	}
	for script, want := range map[string]int{"exit 3": 3, "kill -9 $$": 128 + 9, "exit 0": 0} {
		got, err := s.Exec(t.Context(), "a", []string{"sh", "-c", script}, Stdio{})
		if err != nil || got != want {
			t.Errorf("Exec(%s) = %d, %v, want %d", script, got, err, want)
		}
	}
	if _, err := s.Exec(t.Context(), "a", []string{"no-such-program"}, Stdio{}); err == nil {
		t.Error("Exec() of a program that is not there gave no error")
	}
	if _, err := s.Exec(t.Context(), "aa", []string{"true"}, Stdio{}); err == nil || !strings.Contains(err.Error(), "did you mean") {
		t.Errorf("Exec() in a node that is not there: %v, want a hint", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	got, err := s.Exec(ctx, "a", []string{"sleep", "300"}, Stdio{})
	if err != nil || got != 128+int(syscall.SIGTERM) {
		t.Errorf("Exec() of what takes too long = %d, %v, want SIGTERM", got, err)
	}
}

// TestExecPassesSignals sends itself one; the test process survives because
// Exec catches it.
func TestExecPassesSignals(t *testing.T) {
	s := bringUp(t, "signal", hubAndSpokes, Options{})
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	status := make(chan int, 1)
	go func() {
		defer write.Close()
		got, _ := s.Exec(t.Context(), "a", []string{"sh", "-c", "trap 'exit 7' USR1; echo ready; while :; do sleep 0.05; done"}, Stdio{Out: write})
		status <- got
	}()
	if _, err := read.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if got := <-status; got != 7 {
		t.Errorf("Exec() = %d, want the status 7 of the signal's handler", got)
	}
}
