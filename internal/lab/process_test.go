package lab

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func TestProcessID(t *testing.T) {
	me, err := identify(os.Getpid())
	if err != nil {
		t.Fatalf("identify() error:\n%+v", err)
	}
	if !me.alive() {
		t.Error("this process is not alive")
	}
	later := processID{me.PID, me.Start + 1}
	if later.alive() {
		t.Error("a process with this number and another start is alive")
	}
	if err := later.signal(syscall.SIGKILL); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("signal() to a process that has ended: error %v", err)
	}
	if (processID{}).alive() {
		t.Error("no process is alive")
	}
}

func TestAZombieIsNotAlive(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	id := processID{PID: cmd.Process.Pid}
	for range 200 {
		start, err := startTime(id.PID)
		if errors.Is(err, os.ErrProcessDone) {
			return
		}
		id.Start = start
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("startTime() of a zombie gives no error")
}

func TestStop(t *testing.T) {
	t.Parallel()
	s := bringUp(t, "stop", hubAndSpokes, Options{})
	for script, grace := range map[string]time.Duration{
		"exec sleep 300": 10 * time.Second,
		"trap '' TERM; while :; do sleep 0.05; done": 200 * time.Millisecond,
		"exit 3": 10 * time.Second,
	} {
		p, err := StartProcess(namespaceOf(s.Name(), "a"), exec.Command("sh", "-c", script))
		if err != nil {
			t.Fatalf("StartProcess() error:\n%+v", err)
		}
		time.Sleep(50 * time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), grace)
		start := time.Now()
		if err := p.Stop(ctx); err != nil {
			t.Errorf("Stop(%s) error:\n%+v", script, err)
		}
		cancel()
		if time.Since(start) > 5*time.Second || p.Err() == nil {
			t.Errorf("Stop(%s) took %v, and the process has ended with %v", script, time.Since(start), p.Err())
		}
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	name := labName(t, "lock")
	unlock, err := lockNew(t.Context(), name)
	if err != nil {
		t.Fatalf("lockNew() error:\n%+v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := lock(short, name); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("lock() of what is locked: error %v", err)
	}
	second := make(chan error, 1)
	go func() {
		unlock, err := lockNew(t.Context(), name)
		if err == nil {
			defer unlock()
			_, err = os.Stat(folderOf(name)) // the new one, not the removed one
		}
		second <- err
	}()
	time.Sleep(50 * time.Millisecond)
	if err := removeFolder(name); err != nil {
		t.Fatal(err)
	}
	unlock()
	if err := <-second; err != nil {
		t.Errorf("lockNew() of a removed folder: error %v", err)
	}
}
