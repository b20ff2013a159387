package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// entry is a record as a test sees it.
type entry struct {
	Kind    uint8
	Content string
}

func open(tb testing.TB, folder string, o Options) *Journal {
	tb.Helper()
	j, err := Open(folder, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { j.Close() })
	return j
}

func all(tb testing.TB, j *Journal) []entry {
	tb.Helper()
	var got []entry
	if err := j.Each(func(kind uint8, content []byte) error {
		got = append(got, entry{kind, string(content)})
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return got
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func TestWhatWasAppendedIsThereAfterAReopen(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "new", "journal")
	j := open(t, folder, Options{})
	if err := j.Append(1, []byte("x")); !errors.Is(err, ErrNoSegment) {
		t.Errorf("Append without a segment: %v", err)
	}
	must(t, j.Begin(9, []byte("head")))
	must(t, j.Append(1, []byte("one, "), nil, []byte("in parts")))
	must(t, j.Close())
	j = open(t, folder, Options{})
	must(t, j.Append(2))
	want := []entry{{9, "head"}, {1, "one, in parts"}, {2, ""}}
	if diff := cmp.Diff(want, all(t, j)); diff != "" {
		t.Error(diff)
	}
	if len(j.Cuts()) != 0 {
		t.Errorf("cuts: %v", j.Cuts())
	}
}

// What there is from a spot on is counted, by another process too, and in the
// segments that are left.
func TestSince(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	o := Options{SegmentBytes: 100, KeepBytes: 300}
	j := open(t, folder, o)
	if got := j.End(); got != (Spot{}) || j.Since(got) != 0 {
		t.Errorf("an empty journal ends at %v", got)
	}
	must(t, j.Begin(0, make([]byte, 50)))
	spot := j.End()
	if spot != (Spot{1, headerSize + frameSize + 50}) || j.Since(spot) != 0 || j.Since(Spot{}) != spot.Offset {
		t.Errorf("it ends at %v", spot)
	}
	must(t, j.Append(1, make([]byte, 60)))
	must(t, j.Begin(0, make([]byte, 20)))
	must(t, j.Close())
	j = open(t, folder, o)
	const segment = headerSize + frameSize + 20
	if got, want := j.Since(spot), int64(frameSize+60+segment); got != want {
		t.Errorf("%d bytes, want %d", got, want)
	}
	for j.segments[0].number == 1 {
		must(t, j.Begin(0, make([]byte, 80)))
	}
	if got := j.Since(spot); got != j.Size() {
		t.Errorf("%d bytes from a forgotten spot on, of %d", got, j.Size())
	}
}

func TestOneProcessAtATime(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	j := open(t, folder, Options{})
	if _, err := Open(folder, Options{}); err == nil || !strings.Contains(err.Error(), "another process has it") {
		t.Errorf("a second Open: %v", err)
	}
	must(t, j.Close())
	open(t, folder, Options{})
}

// Wherever the newest segment ends, or whichever of its bytes is wrong, what
// comes before is read, what comes after is cut off and told, and the journal
// goes on.
func TestATornEndIsCutOff(t *testing.T) {
	t.Parallel()
	source := t.TempDir()
	j := open(t, source, Options{})
	var ends []int64
	must(t, j.Begin(0, []byte("head")))
	for i := range 3 {
		ends = append(ends, j.Size())
		must(t, j.Append(uint8(i+1), []byte(strings.Repeat("x", 10*i))))
	}
	whole := all(t, j)
	data, err := os.ReadFile(j.path(1))
	must(t, err)
	records := func(size int64) (n int) {
		for n < len(ends) && ends[n] <= size {
			n++
		}
		return n
	}
	check := func(what string, data []byte, kept int, torn bool) {
		folder := t.TempDir()
		file := filepath.Join(folder, filepath.Base(j.path(1)))
		must(t, os.WriteFile(file, data, 0o600))
		j := open(t, folder, Options{})
		if got := len(j.Cuts()) == 1; got != torn {
			t.Errorf("%s: cuts %v", what, j.Cuts())
		}
		if kept == 0 { // not even the first record
			must(t, j.Begin(0, []byte("head")))
			kept = 1
		}
		must(t, j.Append(7, []byte("goes on")))
		must(t, j.Close())
		j = open(t, folder, Options{})
		want := append(append([]entry{}, whole[:kept]...), entry{7, "goes on"})
		if diff := cmp.Diff(want, all(t, j)); diff != "" || len(j.Cuts()) != 0 {
			t.Errorf("%s: %s, %v", what, diff, j.Cuts())
		}
	}
	for size := range int64(len(data)) {
		boundary := size == headerSize || records(size) > 0 && ends[records(size)-1] == size
		check(fmt.Sprintf("%d bytes", size), data[:size], records(size), !boundary)
	}
	for at := range data {
		broken := append([]byte{}, data...)
		broken[at] ^= 0x40
		check(fmt.Sprintf("byte %d is wrong", at), broken, records(int64(at)), true)
	}
}

// Only records that belong where they stand are read: not what an earlier,
// longer write has left behind.
func TestARecordElsewhereIsNone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	j := open(t, folder, Options{})
	must(t, j.Begin(0))
	must(t, j.Append(1, []byte("abc")))
	data, err := os.ReadFile(j.path(1))
	must(t, err)
	last := data[len(data)-frameSize-3:]
	must(t, j.Close())
	must(t, os.WriteFile(j.path(1), append(data, last...), 0o600))
	j = open(t, folder, Options{})
	if got := all(t, j); len(got) != 2 || len(j.Cuts()) != 1 {
		t.Errorf("read %v, cut %v", got, j.Cuts())
	}
}

// A journal of any history has the newest records, within its bounds.
func TestSegmentsComeAndGo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		folder, err := os.MkdirTemp("", "journal")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(folder)
		o := Options{SegmentBytes: 200, KeepBytes: 600}
		j, err := Open(folder, o)
		if err != nil {
			t.Fatal(err)
		}
		var want []entry
		for range rapid.IntRange(1, 60).Draw(t, "records") {
			e := entry{rapid.Uint8().Draw(t, "kind"), string(rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "content"))}
			want = append(want, e)
			write := j.Append
			if j.Full() {
				write = j.Begin
			}
			if err := write(e.Kind, []byte(e.Content)); err != nil {
				t.Fatal(err)
			}
			if rapid.IntRange(0, 9).Draw(t, "reopen") == 0 {
				if err := j.Close(); err != nil {
					t.Fatal(err)
				}
				if j, err = Open(folder, o); err != nil {
					t.Fatal(err)
				}
			}
		}
		got := []entry{}
		_ = j.Each(func(kind uint8, content []byte) error {
			got = append(got, entry{kind, string(content)})
			return nil
		})
		if diff := cmp.Diff(want[len(want)-len(got):], got); diff != "" || len(j.Cuts()) != 0 {
			t.Fatalf("%s, cuts %v", diff, j.Cuts())
		}
		if size := j.Size(); size > o.KeepBytes+o.SegmentBytes || len(got) < min(len(want), 6) {
			t.Fatalf("%d bytes with %d of %d records", size, len(got), len(want))
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzScan(f *testing.F) {
	folder := f.TempDir()
	j := open(f, folder, Options{})
	must(f, j.Begin(0, []byte("head")))
	must(f, j.Append(1, []byte("a record"), []byte("in parts")))
	data, err := os.ReadFile(j.path(1))
	must(f, err)
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Fuzz(func(t *testing.T, data []byte) {
		var read int64 = headerSize
		end, why, err := scan(data, 1, func(_ uint8, content []byte) error {
			read += frameSize + int64(len(content))
			return nil
		})
		if err != nil || end > int64(len(data)) || (end != read && end != 0) || (why == "") != (end == int64(len(data)) && end != 0) {
			t.Errorf("end %d of %d, read %d, %q, %v", end, len(data), read, why, err)
		}
	})
}
