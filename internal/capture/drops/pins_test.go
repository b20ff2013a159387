package drops

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// What a watcher has counted is there when it has ended, beside that of the next
// one, until it is forgotten. A watcher that is not pinned leaves nothing.
func TestCountsOutliveTheirWatcher(t *testing.T) {
	const root = "/sys/fs/bpf/sekisho-drops-test"
	path := filepath.Join(root, fmt.Sprint(os.Getpid()))
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		_ = os.RemoveAll(path)
		_ = os.Remove(root)
	})
	w := newWorld(t, Config{EventsPerSecond: 100, PinPath: path})
	want := map[string]uint64{}
	for life := range 2 {
		w.flood(2000*(life+1), 2000)
		count, err := w.watcher.Count()
		if err != nil || count.Packets == 0 {
			t.Fatalf("%+v, %v", count, err)
		}
		want[count.Watcher] = count.Packets
		if err := w.watcher.Close(); err != nil {
			t.Fatal(err)
		}
		check(t, path, want)
		w.open(Config{EventsPerSecond: 100, PinPath: path})
		want[w.watcher.Name()] = 0
		check(t, path, want)
		delete(want, w.watcher.Name())
	}
	for name := range want {
		if err := Forget(path, name); err != nil {
			t.Error(err)
		}
	}
	check(t, path, map[string]uint64{w.watcher.Name(): 0})
	pinned := w.watcher.Name()
	w.open(Config{})
	check(t, path, map[string]uint64{pinned: 0})
	// One of which nobody can read the counters says so.
	if err := w.watcher.objects.Events.Pin(pinName(path, "1", cpusSuffix)); err != nil {
		t.Fatal(err)
	}
	if err := w.watcher.objects.Watch.Pin(pinName(path, "1", watchSuffix)); err != nil {
		t.Fatal(err)
	}
	if left := Left(path); left[0].Watcher != "1" || left[0].Err == nil {
		t.Errorf("what is left: %+v", left)
	}
}

func check(t *testing.T, path string, want map[string]uint64) {
	t.Helper()
	left := Left(path)
	for _, c := range left {
		if n, known := want[c.Watcher]; !known || n != c.Packets || c.Err != nil {
			t.Errorf("left: %+v, want %d", c, n)
		}
	}
	if len(left) != len(want) {
		t.Errorf("%d are left, want %d: %+v", len(left), len(want), left)
	}
}
