package workspace

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"
)

var guidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// readID reads the workspace's GUID, which is made at the first start.
func readID(file string) (string, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		id := newGUID()
		return id, os.WriteFile(file, []byte(id+"\n"), 0o640)
	}
	if err != nil {
		return "", fmt.Errorf("read id of the workspace: %w", err)
	}
	id := strings.ToLower(strings.TrimSpace(string(data)))
	if !guidForm.MatchString(id) {
		return "", fmt.Errorf("read id of the workspace: %s: %.60q is not a GUID; remove the file, and the next start makes a new one", file, id)
	}
	return id, nil
}

// newGUID is a random one (RFC 9562, version 4).
func newGUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// ErrInUse says that another process has the workspace's folder open.
var ErrInUse = errors.New("another process has this workspace open")

// lockFolder takes the folder's lock, which ends with the process at the latest.
func lockFolder(file string) (unlock func() error, err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("lock folder of the workspace: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("lock folder of the workspace: %s: %w", file, ErrInUse), f.Close())
	}
	// Not by closing alone: a process that is being started has the file too, until it
	// runs its own program.
	return func() error { return errors.Join(unix.Flock(int(f.Fd()), unix.LOCK_UN), f.Close()) }, nil
}
