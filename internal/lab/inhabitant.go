package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// killLimit is how long killed processes may take to be gone.
const killLimit = 5 * time.Second

// inode tells one namespace from another.
type inode struct{ device, number uint64 }

func inodeOf(path string) (inode, error) {
	var s unix.Stat_t
	if err := unix.Stat(path, &s); err != nil {
		return inode{}, err
	}
	return inode{s.Dev, s.Ino}, nil
}

// killInhabitants kills the processes in the given namespaces. It looks again
// until there are none, because what is being killed may fork.
func killInhabitants(ctx context.Context, namespaces []string) error {
	var left []processID
	gone, err := await(ctx, killLimit, func() (bool, error) {
		var err error
		left, err = inhabitants(namespaces)
		for _, p := range left {
			if e := p.signal(syscall.SIGKILL); e != nil && !errors.Is(e, os.ErrProcessDone) {
				err = errors.Join(err, fmt.Errorf("kill process %d: %w", p.PID, e))
			}
		}
		return len(left) == 0, err
	})
	if err == nil && !gone {
		return fmt.Errorf("kill the processes of the lab: %v do not end", left)
	}
	return err
}

// inhabitants lists the processes in the given namespaces, without this one.
func inhabitants(namespaces []string) ([]processID, error) {
	homes, err := homesOf(namespaces)
	if err != nil {
		return nil, err
	}
	paths, err := filepath.Glob("/proc/[0-9]*/ns/net")
	if err != nil {
		return nil, err
	}
	var found []processID
	for _, path := range paths {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		if err != nil || pid == os.Getpid() {
			continue
		}
		home, err := inodeOf(path)
		if err != nil || !slices.Contains(homes, home) {
			continue // ended, or not of the lab
		}
		if p, err := identify(pid); err == nil {
			found = append(found, p)
		}
	}
	return found, nil
}

// homesOf never has this process's own namespace, whatever a name is bound to.
func homesOf(namespaces []string) ([]inode, error) {
	own, err := inodeOf("/proc/self/ns/net")
	if err != nil {
		return nil, err
	}
	var homes []inode
	for _, name := range namespaces {
		home, err := inodeOf(filepath.Join(namespaceFolder, name))
		if err == nil && home != own {
			homes = append(homes, home)
		}
	}
	return homes, nil
}
