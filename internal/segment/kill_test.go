package segment

import (
	"context"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

var kills = flag.Int("kills", 50, "how often the process is killed that takes and merges segments")

const (
	childRoot  = "SEGMENT_TEST_ROOT"
	childSpool = "SEGMENT_TEST_SPOOL"
)

func TestMain(m *testing.M) {
	if root := os.Getenv(childRoot); root != "" {
		takeAndMerge(root, os.Getenv(childSpool))
	}
	// A hundred lives, as rapid has them, take minutes: -rapid.checks asks for more.
	if err := flag.Set("rapid.checks", "10"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// takeAndMerge is the process that is killed: it takes what comes to the spool,
// and merges, for ever.
func takeAndMerge(root, spool string) {
	f, err := OpenFolder(root, Options{Grace: time.Millisecond})
	if err != nil {
		panic(err)
	}
	f.fan = []int{4, 3, 3}
	os.Stdout.Write([]byte{'\n'}) // the time until it is killed begins
	for {
		takeSpool(f, spool, 4)
		if err := f.Merge(context.Background()); err != nil {
			panic(err)
		}
	}
}

func takeSpool(f *Folder, spool string, most int) {
	files, err := filepath.Glob(filepath.Join(spool, "*"+Ext))
	if err != nil {
		panic(err)
	}
	for _, file := range files[:min(most, len(files))] {
		if _, err := f.Take(file); err != nil {
			panic(err)
		}
	}
}

// However often the process is killed that takes and merges, list and files
// agree afterwards, and each row is there once; also of segments that were
// delivered again.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	root, spool := filepath.Join(t.TempDir(), "store"), t.TempDir()
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	begin := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	w := NewWriter(logs.FlowTrace)
	write := func(sequence int) {
		for _, r := range numbered(10*sequence, 10*sequence+10, begin) {
			w.Add(r)
		}
		_, err := w.Close(spool, nameOf(uint64(sequence+1)), Meta{})
		must(t, err)
	}
	next := 0
	for life := range *kills {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childRoot+"="+root, childSpool+"="+spool)
		child.Stderr = os.Stderr
		ready, err := child.StdoutPipe()
		must(t, err)
		must(t, child.Start())
		_, err = ready.Read(make([]byte, 1))
		must(t, err)
		until := time.Now().Add(time.Duration(rnd.IntN(100)) * time.Millisecond)
		for time.Now().Before(until) {
			write(next)
			next++
			if rnd.IntN(4) == 0 {
				write(rnd.IntN(next))
			}
		}
		if life == *kills-1 {
			waitForMerge(t, root) // on a busy machine none had the time
		}
		must(t, child.Process.Kill())
		_ = child.Wait()
	}
	f := openFolder(t, root, Options{})
	takeSpool(f, spool, math.MaxInt)
	got := numbersIn(t, all(f))
	for n := range 10 * next {
		if got[n] != 1 {
			t.Fatalf("event %d of %d is there %d times", n, 10*next, got[n])
		}
	}
	if len(got) != 10*next {
		t.Errorf("%d events, want %d", len(got), 10*next)
	}
	merged := 0
	for _, i := range all(f) {
		merged = max(merged, i.Name.Level)
	}
	if merged == 0 {
		t.Error("nothing was merged")
	}
	if _, err := os.Stat(filepath.Join(root, damagedFolder)); err == nil {
		t.Error("a file was set aside")
	}
	t.Logf("%d segments, %d are left, up to level %d", next, len(all(f)), merged)
}

// waitForMerge waits until a folder has a merged segment, or for too long.
func waitForMerge(t *testing.T, root string) {
	t.Helper()
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		merged, err := filepath.Glob(filepath.Join(root, "*", "*", "*"+between+"[1-9]"+Ext))
		must(t, err)
		if len(merged) > 0 {
			return
		}
	}
}
