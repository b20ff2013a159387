package capture

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

const (
	// bpffs is where the kernel's BPF file system is mounted on every
	// distribution; where nobody has mounted it, we do, as bpftool does.
	bpffs = "/sys/fs/bpf"

	// pinRoot holds one folder a firewall, and that one folder a program; see
	// [Config.setFolder].
	pinRoot = bpffs + "/sekisho"
)

// PinPath is the folder in which a firewall's objects are pinned.
func PinPath(firewall string) string { return filepath.Join(pinRoot, firewall) }

// setFolder is where the objects of this program, configured so, are pinned:
// its name is the layout, a hash of whatever makes it another program, and the
// number of the network namespace. Objects in it can be taken over as they
// are; those in other folders are a predecessor's, whose place is to be taken
// (see [Recorder.Resume]). The namespace is part of it because a pinned link
// stays in the one where it was made, also when another has got its name.
func (c *Config) setFolder() (string, error) {
	ns, err := namespace()
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	hash.Write(_RecordBytes)
	words := []uint32{c.MarkActionMask, c.MarkActionDeny, c.MarkHandshake}
	for _, m := range c.ringMaps() {
		words = append(words, m.bytes)
	}
	for _, w := range words {
		hash.Write(binary.LittleEndian.AppendUint32(nil, w))
	}
	return filepath.Join(c.PinPath, fmt.Sprintf("v%d-%x-%s", currentLayout, hash.Sum(nil)[:6], ns)), nil
}

// namespace is the number of the calling process's network namespace.
func namespace() (string, error) {
	var ns unix.Stat_t
	if err := unix.Stat("/proc/self/ns/net", &ns); err != nil {
		return "", fmt.Errorf("ask for network namespace: %w", err)
	}
	return strconv.FormatUint(ns.Ino, 10), nil
}

// layoutOf is the layout of what a folder's objects hold, by its name; 0 where
// it tells none. The first layout's folder was called "v1".
func layoutOf(folder string) layout {
	version, _, _ := strings.Cut(filepath.Base(folder), "-")
	number, err := strconv.ParseUint(strings.TrimPrefix(version, "v"), 10, 16)
	if err != nil {
		return 0
	}
	return layout(number)
}

// Pinned reports whether a recorder of this firewall is attached in the calling
// process's network namespace, with or without a process that reads it. (One
// of the first layout does not tell its namespace; it is taken to be this.)
func Pinned(firewall string) bool {
	ns, err := namespace()
	links, _ := filepath.Glob(filepath.Join(PinPath(firewall), "v*", "link*"))
	return err == nil && slices.ContainsFunc(links, func(link string) bool {
		folder := filepath.Dir(link)
		return layoutOf(folder) == 1 || strings.HasSuffix(folder, "-"+ns)
	})
}

// PinnedNamespaces are the numbers of the network namespaces in which recorders of
// this firewall are attached, as far as they are told.
func PinnedNamespaces(firewall string) (numbers []string) {
	links, _ := filepath.Glob(filepath.Join(PinPath(firewall), "v*-*-*", linkPrefix+"*"))
	for _, name := range links {
		folder := filepath.Dir(name)
		numbers = append(numbers, folder[strings.LastIndexByte(folder, '-')+1:])
	}
	return numbers
}

// RemovePinned unpins everything of a firewall, of any layout, and detaches the
// recorder. A pinned link also keeps its network namespace alive after `ip
// netns del`. Nothing pinned is no error.
func RemovePinned(firewall string) error {
	names, _ := filepath.Glob(filepath.Join(PinPath(firewall), "*", linkPrefix+"*"))
	var links []link.Link
	for _, name := range names {
		if l, err := link.LoadPinnedLink(name, nil); err == nil {
			links = append(links, l)
		}
	}
	err := removePins(PinPath(firewall))
	for _, l := range links {
		// Without this, their places are free some time after they are closed.
		_ = l.Detach()
		_ = l.Close()
	}
	return err
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
		if err := MountBPFFS(); err != nil {
			return err
		}
	}
	err := os.MkdirAll(path, 0o700)
	if errors.Is(err, unix.EROFS) {
		return fmt.Errorf("make folder for pinned objects: %w\n  hint: mount -o remount,rw,bind %s", err, bpffs)
	}
	if err != nil {
		return fmt.Errorf("make folder for pinned objects: %w", err)
	}
	return nil
}

// MountBPFFS mounts the BPF file system where nobody has, which takes
// CAP_SYS_ADMIN. Only one process at a time may look and mount: a second mount
// would hide what the first has pinned.
func MountBPFFS() error {
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
		return fmt.Errorf("mount the BPF file system at %s: %w\n  hint: mount -t bpf bpf %s, before the firewall is started", bpffs, err, bpffs)
	}
	return nil
}
