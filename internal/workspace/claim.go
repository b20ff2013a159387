package workspace

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// claims are the folders from which this workspace takes segments, each locked as long
// as it does: two workspaces would share out between them what comes there, and neither
// would answer right. A lock on the folder itself leaves no file in it, and ends with
// the process.
type claims struct {
	mu   sync.Mutex
	held map[inode]*os.File
	told map[string]bool
}

// inode is a folder by whatever path.
type inode struct{ device, number uint64 }

func newClaims() *claims { return &claims{held: map[inode]*os.File{}, told: map[string]bool{}} }

// errClaimed says that another workspace takes from a folder.
var errClaimed = errors.New("another workspace takes segments from it")

// claim locks a folder. A file system that knows no such locks is no reason to take
// nothing.
func (c *claims) claim(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return nil //nolint:nilerr // it is not there yet; or what is in there cannot be listed either
	}
	id, err := inodeOf(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || c.held[id] != nil {
		return f.Close()
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return errors.Join(fmt.Errorf("spool folder %s: %w%s", dir, errClaimed, holderOf(id)), f.Close())
	} else if err != nil {
		return f.Close()
	}
	c.held[id] = f
	return nil
}

func inodeOf(f *os.File) (inode, error) {
	var stat unix.Stat_t
	err := unix.Fstat(int(f.Fd()), &stat)
	return inode{uint64(stat.Dev), stat.Ino}, err
}

// release gives all folders back. Not by closing alone: a process that is being started
// has the file too, until it runs its own program.
func (c *claims) release() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for id, f := range c.held {
		errs = append(errs, unix.Flock(int(f.Fd()), unix.LOCK_UN), f.Close())
		delete(c.held, id)
	}
	return errors.Join(errs...)
}

// holderOf says which process has a folder's lock, as far as the kernel tells:
//
//	1: FLOCK  ADVISORY  WRITE 4711 fe:01:262147 0 EOF
func holderOf(id inode) string {
	f, err := os.Open("/proc/locks")
	if err != nil {
		return ""
	}
	defer f.Close()
	want := fmt.Sprintf("%02x:%02x:%d", unix.Major(id.device), unix.Minor(id.device), id.number)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if field := strings.Fields(lines.Text()); len(field) > 5 && field[1] == "FLOCK" && field[5] == want {
			line, _ := os.ReadFile(filepath.Join("/proc", field[4], "cmdline")) // of another user's or container's it may be hidden
			return strings.TrimSpace(fmt.Sprintf(": process %s %s", field[4], strings.ReplaceAll(string(line), "\x00", " ")))
		}
	}
	return ""
}

// claimed are the folders from which segments are taken now. One that another workspace
// has is told once.
func (w *Workspace) claimed() []string {
	var ours []string
	for _, dir := range foldersOf(w.cfg.spools()) {
		err := w.claims.claim(dir)
		if err == nil {
			ours = append(ours, dir)
		} else if !w.claims.told[dir] {
			w.log.Error("nothing is taken from a folder", "reason", err)
		}
		w.claims.told[dir] = err != nil
	}
	return ours
}

// foldersOf are spool folders and those directly below.
func foldersOf(spools []string) []string {
	out := append([]string(nil), spools...)
	for _, dir := range spools {
		entries, _ := os.ReadDir(dir) // one that is gone has none
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if stat, err := os.Stat(path); err == nil && stat.IsDir() {
				out = append(out, path)
			}
		}
	}
	return out
}
