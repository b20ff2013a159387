package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// bpffs is where the kernel's BPF file system is mounted on every
	// distribution; where nobody has mounted it, we do, as bpftool does.
	bpffs = "/sys/fs/bpf"

	// pinRoot holds one folder a firewall.
	pinRoot = bpffs + "/sekisho"

	// layout is the version of struct event and struct tally. Objects of
	// different layouts live in different folders and never mix.
	layout = "v1"
)

// PinPath is the folder in which a firewall's objects are pinned.
func PinPath(firewall string) string {
	return filepath.Join(pinRoot, firewall, layout)
}

// RemovePinned unpins everything of a firewall, of any layout, and so detaches
// the recorder. A pinned link also keeps its network namespace alive after `ip
// netns del`. Nothing pinned is no error.
func RemovePinned(firewall string) error {
	folder := filepath.Join(pinRoot, firewall)
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("unpin %s: %w", folder, err)
	}
	// The root goes with the last firewall; that it is not empty is fine.
	_ = os.Remove(pinRoot)
	return nil
}

// removePins removes the objects pinned in a folder, and the folders above it
// that are empty then.
func removePins(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("unpin %s: %w", path, err)
	}
	for up := filepath.Dir(path); strings.HasPrefix(up, pinRoot); up = filepath.Dir(up) {
		if os.Remove(up) != nil {
			break // another firewall's are there
		}
	}
	return nil
}

func makePinPath(path string) error {
	if strings.HasPrefix(path, bpffs) {
		if err := mountBPFFS(); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("make folder for pinned objects: %w", err)
	}
	return nil
}

// mountBPFFS mounts the BPF file system where nobody has. Only one process at a
// time may look and mount: a second mount would hide what the first has pinned.
func mountBPFFS() error {
	lock, err := os.Open("/run")
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock /run: %w", err)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(bpffs, &fs); err != nil {
		return fmt.Errorf("look at %s: %w", bpffs, err)
	}
	if fs.Type == unix.BPF_FS_MAGIC {
		return nil
	}
	if err := unix.Mount("bpf", bpffs, "bpf", 0, "mode=0700"); err != nil {
		return fmt.Errorf("mount the BPF file system at %s: %w", bpffs, err)
	}
	return nil
}

// linkName is the pinned link's file. Its name tells which program runs with
// which marks, so that the next process knows whether it can be kept.
func (r *Recorder) linkName(h hook) (string, error) {
	info, err := h.program.Info()
	if err != nil {
		return "", fmt.Errorf("read program info: %w", err)
	}
	name := fmt.Sprintf("%s-%s-%08x-%08x-%08x", h.name, info.Tag,
		r.config.MarkActionMask, r.config.MarkActionDeny, r.config.MarkHandshake)
	return filepath.Join(r.config.PinPath, name), nil
}

func unpinLinks(path, name string) error {
	old, err := filepath.Glob(filepath.Join(path, name+"-*"))
	if err != nil {
		return fmt.Errorf("list pinned links: %w", err)
	}
	var errs []error
	for _, l := range old {
		errs = append(errs, os.Remove(l))
	}
	return errors.Join(errs...)
}
