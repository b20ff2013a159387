package segment

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// flip changes one bit of a file, and nothing else that could be seen.
func flip(tb testing.TB, path string, at int64) {
	tb.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(tb, err)
	defer f.Close()
	var b [1]byte
	_, err = f.ReadAt(b[:], at)
	must(tb, err)
	b[0] ^= 0x10
	_, err = f.WriteAt(b[:], at)
	must(tb, err)
}

// scrubAll goes through all files once, a part at a time.
func scrubAll(tb testing.TB, f *Folder, part int64) (read int64) {
	tb.Helper()
	for calls := 0; ; calls++ {
		n, err := f.Scrub(tb.Context(), part)
		must(tb, err)
		if n == 0 {
			return read
		}
		if read += n; n > part+20_000 || calls > 10_000 { // footers may come on top
			tb.Fatalf("call %d read %d bytes, %d in all", calls, n, read)
		}
	}
}

// A bit that flips in a file that nobody writes or merges any more is found, wherever
// it is, and only that file is set aside.
func TestFlippedBitsAreFound(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := openFolder(t, root, Options{})
	parts := split(newTraffic(6).rows(2400), 100)
	take(t, f, 1, parts[:20]...)
	f.fan = []int{20, 100}
	must(t, f.Merge(t.Context()))
	take(t, f, 21, parts[20:]...) // one of twenty, and four small ones
	files := all(f)               // the merged one is the oldest
	whole := sum(files)
	if read := scrubAll(t, f, 1000); read != whole || len(f.Notes()) != 0 {
		t.Fatalf("read %d of %d bytes, notes %v", read, whole, f.Notes())
	}
	flip(t, files[4].Path, files[4].Bytes/2)
	flip(t, files[1].Path, 5)
	flip(t, files[2].Path, files[2].Bytes-100) // in the footer
	must(t, os.Remove(files[3].Path))
	if read := scrubAll(t, f, 1000); read != 0 {
		t.Errorf("all were read again at once: %d bytes", read)
	}
	f.clock.elapsed = func() time.Duration { return 2 * scrubEvery }
	scrubAll(t, f, 1000)
	if left := all(f); len(left) != 1 || left[0].Name != files[0].Name {
		t.Errorf("left are %v", left)
	}
	reasons := map[string]int{}
	for _, l := range losses(t, f, "pages have another checksum", "footer has another checksum", "file was removed") {
		reasons[l.Reason] += int(l.Rows)
	}
	want := map[string]int{"pages have another checksum": 2100, "footer has another checksum": 100, "file was removed": 100}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Errorf("rows that are told to be lost (-want +got):\n%s", diff)
	}
}

// A process that begins reads all files once, and so finds what flipped before.
func TestWhatFlippedBeforeTheStartIsFound(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := openFolder(t, root, Options{})
	take(t, f, 1, split(newTraffic(6).rows(300), 100)...)
	files := all(f)
	must(t, f.Close())
	flip(t, files[1].Path, files[1].Bytes-100)
	f = openFolder(t, root, Options{})
	scrubAll(t, f, 1<<20)
	if got := all(f); len(got) != 2 {
		t.Errorf("%d segments are left, want 2", len(got))
	}
}

// What cannot be read at the moment is not taken for damaged.
func TestADiskThatCannotBeReadDamagesNothing(t *testing.T) {
	t.Parallel()
	f := openFolder(t, t.TempDir(), Options{})
	take(t, f, 1, split(newTraffic(6).rows(200), 100)...)
	files := all(f)
	must(t, f.scrubbed(&files[0], &os.PathError{Op: "read", Path: files[0].Path, Err: unix.EIO}))
	if notes := f.Notes(); len(all(f)) != 2 || len(notes) != 1 || !strings.Contains(notes[0].What, "input/output error") {
		t.Errorf("%d are left, notes %v", len(all(f)), notes)
	}
	must(t, f.scrubbed(&Info{Name: nameOf(77), Path: filepath.Join(f.root, "x")}, errPages)) // merged meanwhile
	if len(all(f)) != 2 {
		t.Error("something was set aside")
	}
}
