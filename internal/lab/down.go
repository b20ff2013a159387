package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// supervisorGrace is longer than what a supervisor gives its children.
const supervisorGrace = stopGrace + 5*time.Second

// Down takes a lab down, or what is left of it after a crash: its supervisor,
// every process in its namespaces, pinned programs and sockets of its
// firewalls, the namespaces, its state. Nothing to take down is no error.
// Progress may be nil.
//
// The supervisor itself calls [Supervisor.Close] first.
func Down(ctx context.Context, name string, progress func(string)) error {
	if err := checkName("lab", name); err != nil {
		return err
	}
	if progress == nil {
		progress = func(string) {}
	}
	for {
		// The supervisor is stopped before the lock is taken: it may hold it,
		// in the middle of Up, or want it, to clean up after itself.
		if err := stopSupervisor(ctx, name, progress); err != nil {
			return err
		}
		unlock, err := lockNew(ctx, name)
		if err != nil {
			return err
		}
		if _, alive := supervisorOf(name); alive { // Up came in between
			unlock()
			continue
		}
		progress("removing lab " + name)
		err = remove(ctx, name)
		unlock()
		return err
	}
}

// supervisorOf returns a lab's supervisor and whether it is a live process
// other than this one.
func supervisorOf(lab string) (processID, bool) {
	s, _ := readState(lab)
	return s.Supervisor, s.Supervisor.PID != os.Getpid() && s.Supervisor.alive()
}

func stopSupervisor(ctx context.Context, lab string, progress func(string)) error {
	p, alive := supervisorOf(lab)
	if !alive {
		return nil
	}
	progress(fmt.Sprintf("stopping the supervisor, process %d", p.PID))
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, supervisorGrace}, {syscall.SIGKILL, killDelay}} {
		if err := p.signal(step.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return fmt.Errorf("stop the supervisor of lab %s: %w", lab, err)
		}
		ended, err := await(ctx, step.wait, func() (bool, error) { return !p.alive(), nil })
		if err != nil || ended {
			return err
		}
	}
	return fmt.Errorf("stop the supervisor of lab %s: process %d does not end", lab, p.PID)
}

// await polls until done says so; it is false when the time is over.
func await(ctx context.Context, limit time.Duration, done func() (bool, error)) (bool, error) {
	for end := time.Now().Add(limit); ; {
		if ok, err := done(); ok || err != nil {
			return ok, err
		}
		if time.Now().After(end) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-time.After(lockPoll):
		}
	}
}

// remove takes away all that a lab without supervisor has left, with the lock
// held. The state is last, so that after a crash it can be done again.
func remove(ctx context.Context, lab string) error {
	s, _ := readState(lab) // what cannot be read is found by its marks
	namespaces, err := belongings(lab, s.Namespaces)
	if err != nil {
		return err
	}
	if err := clearAway(ctx, namespaces); err != nil {
		return fmt.Errorf("remove lab %s: %w", lab, err)
	}
	return removeFolder(lab)
}

// clearAway removes namespaces with everything that would keep them alive.
func clearAway(ctx context.Context, namespaces []string) error {
	if err := killInhabitants(ctx, namespaces); err != nil {
		return err
	}
	var errs []error
	for _, name := range namespaces {
		// A pinned BPF link keeps its namespace. Without a mounted bpffs there
		// is no such folder.
		errs = append(errs, os.RemoveAll(filepath.Join(pinFolder, name)))
		if err := os.Remove(filepath.Join(runFolder, name+".sock")); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		errs = append(errs, deleteNamespace(name))
	}
	return errors.Join(errs...)
}

func removeFolder(lab string) error {
	return errors.Join(emptyFolder(lab), os.RemoveAll(folderOf(lab)))
}

// emptyFolder leaves the folder, which carries the lock.
func emptyFolder(lab string) error {
	entries, err := os.ReadDir(folderOf(lab))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(folderOf(lab, e.Name())))
	}
	return err
}
