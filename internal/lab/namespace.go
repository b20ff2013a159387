package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// namespaceFolder is where "ip netns" looks for names.
const namespaceFolder = "/run/netns"

// inNamespace runs do on a thread in the named network namespace. Sockets and
// processes that do makes stay there; their files can be used anywhere.
func inNamespace(name string, do func() error) error {
	return onOwnThread(func() error {
		handle, err := netns.GetFromName(name)
		if err != nil {
			return fmt.Errorf("open network namespace %s: %w", name, err)
		}
		defer handle.Close()
		if err := netns.Set(handle); err != nil {
			return fmt.Errorf("enter network namespace %s: %w", name, err)
		}
		return do()
	})
}

// onOwnThread runs do on a thread that is thrown away afterwards, because its
// namespace is not the process's own.
//
// It is never the main thread: /proc/<pid>/ns/net shows the main thread's
// namespace, and [Down] kills processes by that.
func onOwnThread(do func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // without unlocking, the thread ends with the goroutine
		if unix.Gettid() == unix.Getpid() {
			result <- onOwnThread(do) // the main thread is taken, so this gets another
			runtime.UnlockOSThread()
			return
		}
		result <- do()
	}()
	return <-result
}

// createNamespace makes a named namespace for a lab: marked as its own,
// without IPv6, and lo up.
func createNamespace(lab, name string, sysctls map[string]string) error {
	err := onOwnThread(func() error {
		handle, err := netns.NewNamed(name)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make network namespace %s: one of that name is there and is not this lab's", name)
		} else if err != nil {
			return fmt.Errorf("make network namespace %s: %w", name, err)
		}
		defer handle.Close()
		return setSysctls(name, sysctls)
	})
	if err != nil {
		return err
	}
	return withNetlink(name, func(h *netlink.Handle) error {
		lo, err := h.LinkByName("lo")
		if err != nil {
			return err
		}
		return errors.Join(h.LinkSetAlias(lo, aliasOf(lab)), h.LinkSetUp(lo))
	})
}

// withNetlink gives do a netlink socket in the named namespace.
func withNetlink(name string, do func(*netlink.Handle) error) error {
	handle, err := netns.GetFromName(name)
	if err != nil {
		return fmt.Errorf("open network namespace %s: %w", name, err)
	}
	defer handle.Close()
	h, err := netlink.NewHandleAt(handle, unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("open netlink in %s: %w", name, err)
	}
	defer h.Close()
	if err := do(h); err != nil {
		return fmt.Errorf("set up network namespace %s: %w", name, err)
	}
	return nil
}

// aliasOf is what lo of each namespace of a lab carries as its alias, which
// tells "a"'s node "b-fw" from "a-b"'s node "fw".
func aliasOf(lab string) string {
	return "sekisho lab " + lab
}

// belongings lists a lab's namespaces: those that carry its mark, and of the
// known ones, which its state names, also those that are not marked yet or
// not whole because Up was killed.
func belongings(lab string, known []string) ([]string, error) {
	paths, err := filepath.Glob(filepath.Join(namespaceFolder, lab+"-*"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, path := range paths {
		if name := filepath.Base(path); markOf(name) == aliasOf(lab) {
			names = append(names, name)
		}
	}
	for _, name := range known {
		if markOf(name) == "" {
			names = append(names, name)
		}
	}
	return names, nil
}

// markOf returns the alias of a namespace's lo, empty where there is none.
func markOf(name string) (alias string) {
	_ = withNetlink(name, func(h *netlink.Handle) error {
		lo, err := h.LinkByName("lo")
		if err == nil {
			alias = lo.Attrs().Alias
		}
		return err
	})
	return alias
}

// deleteNamespace removes the name; the kernel removes the rest when nothing
// lives in it. A crash may have left the file without the namespace.
func deleteNamespace(name string) error {
	path := filepath.Join(namespaceFolder, name)
	err := unix.Unmount(path, unix.MNT_DETACH)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("unmount network namespace %s: %w", name, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove network namespace %s: %w", name, err)
	}
	return nil
}
