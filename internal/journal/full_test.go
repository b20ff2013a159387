package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// On a full disk a journal makes room by giving up its oldest segments; when
// there is no room at all it says so, is as it was, and goes on when there is.
func TestAFullDisk(t *testing.T) {
	t.Parallel()
	onSmallDisk(t, 256<<10, func(disk string) {
		j := open(t, filepath.Join(disk, "journal"), Options{SegmentBytes: 32 << 10, KeepBytes: 1 << 30})
		record := []byte(strings.Repeat("r", 4000))
		written := 0
		for ; written < 200; written++ { // three times what the disk has room for
			write := j.Append
			if j.Full() {
				write = j.Begin
			}
			if err := write(1, record); err != nil {
				t.Fatalf("record %d: %v", written, err)
			}
		}
		if len(j.segments) < 3 || len(j.segments) > 8 {
			t.Errorf("%d segments", len(j.segments))
		}
		for len(j.segments) > 1 { // now somebody else takes the room
			j.deleteOldest()
		}
		filler := filepath.Join(disk, "filler")
		if err := fill(filler); !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
		before := all(t, j)
		var err error
		for range 3 { // the last page of the segment may have room yet
			if err = j.Append(1, record); err != nil {
				break
			}
			before = append(before, entry{1, string(record)})
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("a full disk took records: %v", err)
		}
		if err := j.Begin(1, record); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("a full disk took a segment: %v", err)
		}
		if got := all(t, j); len(got) != len(before) || len(j.Cuts()) != 0 {
			t.Errorf("%d records, want %d; cuts %v", len(got), len(before), j.Cuts())
		}
		must(t, os.Remove(filler))
		must(t, j.Append(2, record))
		must(t, j.Begin(3, record))
		if got := all(t, j); len(got) != len(before)+2 || len(j.Cuts()) != 0 {
			t.Errorf("afterwards %d records, want %d; cuts %v", len(got), len(before)+2, j.Cuts())
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
