package segment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// On a full disk what fails says so, nothing is torn, and it goes on when there
// is room.
func TestAFullDisk(t *testing.T) {
	t.Parallel()
	onSmallDisk(t, 2<<20, func(disk string) {
		root, spool := filepath.Join(disk, "store"), filepath.Join(disk, "spool")
		must(t, os.Mkdir(spool, 0o700))
		f := openFolder(t, root, Options{})
		parts := split(newTraffic(5).rows(2500), 100)
		take(t, f, 1, parts[:22]...)
		want := contents(t, all(f))
		w := NewWriter(parts[0][0].Table())
		for _, r := range parts[22] {
			w.Add(r)
		}
		outside := closed(t, 24, parts[23]).Path // another file system
		filler := filepath.Join(disk, "filler")
		if err := fill(filler); !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
		if _, err := w.Close(spool, nameOf(23), Meta{}); !errors.Is(err, unix.ENOSPC) || w.Len() != 100 {
			t.Errorf("closed on a full disk: %v, %d rows", err, w.Len())
		}
		if taken, err := f.Take(outside); taken || !errors.Is(err, unix.ENOSPC) {
			t.Errorf("taken on a full disk: %v, %v", taken, err)
		}
		if err := f.Merge(context.Background()); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("merged on a full disk: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(disk, "*", "*", "*", "*"+temporary)); len(left) > 0 || len(all(f)) != 22 {
			t.Errorf("left behind: %v; %d segments", left, len(all(f)))
		}
		must(t, os.Remove(filler))
		if got := contents(t, all(f)); len(got) != len(want) {
			t.Errorf("%d rows, want %d", len(got), len(want))
		}
		info, err := w.Close(spool, nameOf(23), Meta{Sync: true})
		must(t, err)
		for _, path := range []string{info.Path, outside} {
			if taken, err := f.Take(path); !taken || err != nil {
				t.Errorf("not taken: %v", err)
			}
		}
		must(t, f.Merge(context.Background()))
		if now := all(f); len(now) != 1 || now[0].Rows != 2400 {
			t.Errorf("afterwards: %+v", now)
		}
	})
}

func TestAFolderThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	onSmallDisk(t, 1<<20, func(disk string) {
		root := filepath.Join(disk, "store")
		f := openFolder(t, root, Options{})
		take(t, f, 1, newTraffic(5).rows(10))
		must(t, f.Close())
		must(t, unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
		for _, folder := range []string{root, filepath.Join(disk, "new")} {
			if _, err := OpenFolder(folder, Options{}); err == nil || !strings.Contains(err.Error(), "it cannot be written to, so no rows can be kept there") {
				t.Errorf("opened: %v", err)
			}
		}
		if got := all(openFolder(t, root, Options{ReadOnly: true})); len(got) != 1 {
			t.Errorf("read only: %v", got)
		}
	})
}

// fill writes to a file until the disk is full.
func fill(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return err
		}
	}
}

// onSmallDisk runs a function on a thread that alone sees a disk of that size,
// which is gone with the thread.
func onSmallDisk(t *testing.T, bytes int, do func(folder string)) {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("needs root and must not be skipped in CI")
		}
		t.Skip("needs root: a file system of its own")
	}
	folder := t.TempDir()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends here
		for _, err := range []error{
			unix.Unshare(unix.CLONE_NEWNS),
			unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)),
		} {
			if err != nil {
				t.Error(err)
				return
			}
		}
		do(folder)
	}()
	<-done
}
