package segment

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
)

// damage changes a file in a way that its footer cannot tell.
func damage(tb testing.TB, path string) {
	tb.Helper()
	data, err := os.ReadFile(path)
	must(tb, err)
	for i := 40; i < 1500; i++ {
		data[i] ^= 0xff
	}
	must(tb, os.WriteFile(path, data, 0o600))
}

// A file that is no whole segment is set aside with a report, wherever it is
// met, and the others answer.
func TestDamagedFilesAreSetAside(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	f := openFolder(t, root, Options{})
	parts := split(newTraffic(6).rows(2500), 100)
	take(t, f, 1, parts...)
	files := all(f)
	must(t, f.Close())
	must(t, os.Truncate(files[0].Path, files[0].Bytes/2))                            // a disk that was full
	must(t, os.WriteFile(files[1].Path, []byte("no Parquet"), 0o600))                // somebody's mistake
	must(t, os.Rename(files[2].Path, strings.Replace(files[2].Path, "~0", "~1", 1))) // another name than it was given
	must(t, os.Remove(files[3].Path))
	damage(t, files[4].Path)
	f = openFolder(t, root, Options{})
	if got := all(f); len(got) != 21 {
		t.Fatalf("%d segments are left", len(got))
	}
	if notes := f.Notes(); len(notes) != 5 {
		t.Errorf("notes %v", notes)
	}
	must(t, os.Remove(files[24].Path))
	f.fan = []int{10}
	must(t, f.Merge(context.Background())) // which meets the one with damaged pages, and the one that is gone
	if notes := f.Notes(); len(notes) != 2 || !strings.Contains(notes[0].What+notes[1].What, "its pages have another checksum") {
		t.Errorf("notes %v", notes)
	}
	if got := all(f); len(got) != 1 || got[0].Rows != 1900 {
		t.Errorf("segments %v", got)
	}
	aside, _ := filepath.Glob(filepath.Join(root, damagedFolder, "*"))
	if len(aside) != 9+6 { // each has its loss too, and those that are gone have it alone
		t.Errorf("set aside: %v", aside)
	}
	report, err := os.ReadFile(filepath.Join(root, damagedFolder, filepath.Base(files[1].Path)+".txt"))
	if err != nil || !strings.Contains(string(report), files[1].Path) || !strings.Contains(string(report), "because: ") {
		t.Errorf("report %s, %v", report, err)
	}
}

func TestADamagedDeliveryIsSetAside(t *testing.T) {
	t.Parallel()
	f := openFolder(t, t.TempDir(), Options{})
	info := closed(t, 1, newTraffic(6).rows(100))
	must(t, os.Truncate(info.Path, 300))
	var damaged *DamagedError
	if taken, err := f.Take(info.Path); taken || !errors.As(err, &damaged) {
		t.Errorf("taken: %v, %v", taken, err)
	}
	if _, err := os.Stat(info.Path); err == nil {
		t.Error("it is still in the spool")
	}
	take(t, f, 1, newTraffic(6).rows(100)) // the same once more, whole
	must(t, f.SetAside(all(f)[0].Name.String(), "a query says so"))
	if len(all(f)) != 0 {
		t.Error("it is still there")
	}
	if err := f.SetAside("x", ""); err == nil {
		t.Error("set aside what is not there")
	}
}

// A file with one byte that is another is not read.
func FuzzOpenDamagedParquet(f *testing.F) {
	info := closed(f, 1, newTraffic(7).rows(50))
	data, err := os.ReadFile(info.Path)
	must(f, err)
	f.Add(0, byte(1))
	for _, at := range []int{4, 100, len(data) / 2, len(data) - 1000, len(data) - 300, len(data) - 100, len(data) - 7, len(data) - 1} {
		f.Add(at, byte(0x80))
	}
	f.Fuzz(func(t *testing.T, at int, flip byte) {
		if at < 0 || at >= len(data) {
			return
		}
		root := t.TempDir()
		folder := openFolder(t, root, Options{})
		broken := append([]byte{}, data...)
		broken[at] ^= flip
		place := folder.pathOf(info.Name)
		must(t, folder.Close())
		must(t, os.MkdirAll(filepath.Dir(place), 0o700))
		must(t, os.WriteFile(place, broken, 0o600))
		folder = openFolder(t, root, Options{})
		for _, i := range all(folder) {
			if r, err := openReader(i.Path, newBatch(logs.FlowTrace)); err == nil {
				r.close()
				if flip != 0 {
					t.Errorf("byte %d may be another", at)
				}
			}
		}
	})
}

func FuzzParseList(f *testing.F) {
	s := newState()
	s.add(&Info{Name: Name{Table: "AZFWFlowTrace", Boot: "x", Sequence: 1, Level: 1, From: time.Unix(5, 0)}, From: time.Unix(5, 0), To: time.Unix(6, 0),
		Rows: 3, Bytes: 9, Holds: []Held{{"fw", bootID, "/r", Ranges{{1, 7}, {9, 9}}, 3}}, Keys: Keys{keysVersion, [][2]int64{{4, 2}}}})
	var data []byte
	for _, r := range append(s.checkpoint(), record{Remove: []string{"x"}, Forget: []source{{"a", "b", "c"}}, Lost: []string{"y"}}) {
		var err error
		data, err = appendLine(data, r)
		must(f, err)
	}
	f.Add(data)
	f.Add(data[:len(data)-3])
	f.Add([]byte("00000000 {}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, size, records, problem := parseList(data)
		if size > len(data) || (problem == nil) != (size == len(data)) || records > len(data) {
			t.Errorf("read %d of %d bytes, %d records, %v", size, len(data), records, problem)
		}
		again, _, _, err := parseList(data[:size])
		if err != nil || len(again.segments) != len(s.segments) {
			t.Errorf("the same once more: %v", err)
		}
	})
}

func FuzzParseName(f *testing.F) {
	f.Add(nameOf(7).String())
	f.Add(Name{Table: "AZFWFlowTrace", Firewall: "fw-hub", Boot: bootID, Sequence: 42, From: time.Unix(1e9, 123456000)}.String())
	f.Add(Name{Table: "Connection", Boot: "0123456789abcdef", Sequence: 1, Level: 2, From: time.Unix(1e9, 0)}.String())
	f.Add("20261129T140903.123456Z~AZFWFlowTrace~../../x~y~0000000001~0.parquet")
	f.Fuzz(func(t *testing.T, file string) {
		n, err := ParseName(file)
		if err != nil {
			return
		}
		if n.String() != file || filepath.Base(file) != file || strings.ContainsAny(file, `*?[]{}'"\ `) {
			t.Errorf("%q is read as %+v", file, n)
		}
	})
}

// A file that somebody deletes is no reason to answer nothing any more; a folder
// that is not there at the moment is no reason to forget its segments.
func TestMissing(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "segments")
	f := openFolder(t, root, Options{})
	take(t, f, 1, split(newTraffic(6).rows(300), 100)...)
	files := all(f)
	name := func(i int) string { return filepath.Base(files[i].Path) }
	must(t, f.Missing(name(0))) // it is there
	must(t, f.Missing("no-segment.parquet"))
	must(t, os.Rename(root, root+".away"))
	if err := f.Missing(name(1)); err == nil || !strings.Contains(err.Error(), "is not where it was") {
		t.Errorf("the folder is away: error %v", err)
	}
	if got := all(f); len(got) != 3 {
		t.Errorf("%d segments, want 3", len(got))
	}
	must(t, os.Rename(root+".away", root))
	must(t, os.Remove(files[1].Path))
	must(t, f.Missing(name(1)))
	if got := all(f); len(got) != 2 {
		t.Errorf("%d segments, want 2", len(got))
	}
	if notes := f.Notes(); len(notes) != 1 || !strings.Contains(notes[0].String(), name(1)) {
		t.Errorf("notes %v", notes)
	}
	if _, err := os.Stat(filepath.Join(root, damagedFolder, name(1)+".txt")); err != nil {
		t.Errorf("there is no report: %v", err)
	}
}
