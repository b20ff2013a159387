package spool

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

var source = &logs.Source{Firewall: "fw", ResourceID: logs.DefaultResourceID("", "fw")}

// eventRows are the rows of the n-th event, a SYN: two.
func eventRows(n int) []logs.Row {
	e := &flow.Event{Flag: flow.SYN, TCPFlags: flow.BitSYN, Direction: flow.Original, Action: flow.Allow, Seq: uint32(n),
		Packet: flow.Tuple{Protocol: flow.TCP}, Number: flow.Number{Boot: "b", Seq: uint64(n)}, Time: time.Unix(int64(n), 0)}
	return logs.Rows(e, source, logs.Rule{})
}

func keptRow(n int) []logs.Row {
	return []logs.Row{logs.StateRow(logs.State{Time: time.Unix(int64(n), 0), State: logs.RecordingStarted, Detail: fmt.Sprint(n)}, source)}
}

func open(t *testing.T, o Options) *Spool {
	t.Helper()
	o.Unsynced = true // a process is killed here, not a host
	o.Firewall, o.Group, o.Log = "fw", -1, slog.New(slog.DiscardHandler)
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// kill ends a spool as kill -9 does, but for what is being written.
func (s *Spool) kill() {
	close(s.stop)
	s.done.Wait()
	_ = s.kept.close()
}

// batch is what a journal has of a batch of events.
type batch struct {
	place Place
	rows  []int
}

// replay does what a process does with the journal of the one before it.
func replay(s *Spool, journal []batch) {
	for _, b := range journal {
		if s.Reach(b.place) {
			for _, n := range b.rows {
				s.Add(eventRows(n))
			}
		}
	}
}

// Whenever processes are killed, each row is in a segment once, and segments are
// numbered without a gap: what comes a second time is the same.
func TestEachRowIsThereOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 1))
		o := Options{Folder: t.TempDir(), State: t.TempDir(), Every: time.Millisecond}
		taken := map[string]int64{}
		var journal []batch
		events, keeps := 0, 0
		for range 7 {
			s := open(t, o)
			replay(s, journal)
			killed := false
			for range random.IntN(20) {
				b := batch{place: s.Next(time.Now(), random.IntN(20) == 0)}
				for range random.IntN(5) {
					events++
					b.rows = append(b.rows, events)
				}
				journal = append(journal, b)
				if killed = random.IntN(10) == 0; killed {
					break // between the journal and the rows
				}
				replay(s, journal[len(journal)-1:])
				if random.IntN(3) == 0 {
					keeps++
					if err := s.Keep(keptRow(keeps)); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Duration(random.IntN(2)) * time.Millisecond)
				take(t, o.Folder, taken, random)
			}
			if !killed && random.IntN(5) == 0 {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				continue
			}
			s.kill()
		}
		s := open(t, o)
		replay(s, journal)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		take(t, o.Folder, taken, nil)
		got := map[string]int64{}
		for name, rows := range taken {
			n, _ := segment.ParseName(name)
			got[n.Table] += rows
		}
		if got["AZFWFlowTrace"] != int64(events) || got["AZFWNetworkRule"] != int64(events) || got["CaptureState"] != int64(keeps) || len(s.Losses()) > 0 {
			t.Errorf("seed %d: rows %v of %d events and %d others, losses %v", seed, got, events, keeps, s.Losses())
		}
	}
}

// take takes some segments, or all, and checks those that come a second time.
func take(t *testing.T, folder string, taken map[string]int64, random *rand.Rand) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(folder, "2*"+segment.Ext))
	first, _ := filepath.Glob(filepath.Join(folder, "1*"+segment.Ext)) // of 1970
	for _, path := range append(names, first...) {
		if random != nil && random.IntN(2) == 0 {
			continue
		}
		info, err := segment.ReadInfo(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(path)
		if rows, again := taken[name]; again && rows != info.Rows {
			t.Errorf("%s came with %d rows, and again with %d", name, rows, info.Rows)
		}
		taken[name] = info.Rows
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// Where nobody takes segments the oldest are given up, and their rows counted.
func TestAFullSpoolGivesUpTheOldest(t *testing.T) {
	t.Parallel()
	o := Options{Folder: t.TempDir(), State: t.TempDir(), Bytes: 20 << 10}
	s := open(t, o)
	const events = 30
	for n := range events {
		s.Reach(s.Next(time.Now(), true))
		s.Add(eventRows(n + 1))
		s.Reach(s.Next(time.Now(), true))
		await(t, func() bool { return s.closedUpTo(s.events - 1) })
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	taken := map[string]int64{}
	take(t, o.Folder, taken, nil)
	var rows, bytes uint64
	for _, n := range taken {
		rows += uint64(n)
	}
	lost := s.Losses()[logs.SpoolLoss].Rows
	if rows+lost != 2*events || lost == 0 || rows == 0 {
		t.Errorf("%d rows, %d told to be lost, of %d; %d bytes", rows, lost, 2*events, bytes)
	}
	// The count is kept, and of which time they were, until that is told.
	s = open(t, o)
	first, last := time.Unix(1, 0), time.Unix(int64(lost+1)/2, 0) // an event a second has two rows
	s.Told(logs.SpoolLoss, lost-1)
	if got := s.Losses()[logs.SpoolLoss]; got.Rows != lost || !got.From.Equal(first) || !got.To.Equal(last) {
		t.Errorf("another process tells of %d rows from %v to %v, want %d from %v to %v", got.Rows, got.From, got.To, lost, first, last)
	}
	s.Told(logs.SpoolLoss, lost)
	if got := s.Losses()[logs.SpoolLoss]; got != (Loss{Rows: lost}) {
		t.Errorf("when all is told: %+v", got)
	}
}

func (s *Spool) closedUpTo(n uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Closed >= n
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}

// A folder that cannot be written to stops nobody. What there is room for waits
// in memory, the rest is counted, and when it can be written again it is.
func TestADiskThatIsFull(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=64k"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("needs root to mount a small disk, and must not be skipped in CI: ", err)
		}
		t.Skip("needs root to mount a small disk: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	s := open(t, Options{Folder: folder, State: t.TempDir(), Every: time.Millisecond, Held: 2000})
	filler := filepath.Join(folder, "filler")
	if err := os.WriteFile(filler, make([]byte, 60<<10), 0o600); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	events := 0
	for s.Losses()[logs.SegmentLoss].Rows == 0 {
		s.Reach(s.Next(time.Now(), true))
		for range 200 {
			events++
			s.Add(eventRows(events))
		}
	}
	if err := s.Keep(keptRow(1)); err != nil {
		t.Fatal(err)
	}
	if s.Failure() == nil {
		t.Error("a full disk is no failure")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT, "size=64m"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	taken := map[string]int64{}
	take(t, folder, taken, nil)
	rows, states := uint64(0), int64(0)
	for name, n := range taken {
		if parsed, _ := segment.ParseName(name); parsed.Table == logs.CaptureState.Name {
			states += n
			continue
		}
		rows += uint64(n)
	}
	lost := s.Losses()[logs.SegmentLoss]
	if rows+lost.Rows != uint64(2*events) || states != 1 {
		t.Errorf("%d rows, %d told to be lost, of %d; %d other rows", rows, lost.Rows, 2*events, states)
	}
	if from, to := lost.From.Unix(), lost.To.Unix(); from < 1 || uint64(to-from+1) < lost.Rows/2 || to > int64(events) {
		t.Errorf("%d rows are lost of the seconds %d to %d, of which each has two", lost.Rows, from, to)
	}
}

// Where one table's segment is written and another one's cannot be, until the rest is
// given up, the next one has a number of its own: with the same it would be taken for
// the one that is there, and its rows would be nowhere.
func TestWhatIsWrittenBeforeTheRestIsGivenUp(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := open(t, Options{Folder: folder, State: t.TempDir(), Every: time.Millisecond, Held: 1})
	next := s.Next(time.Now(), true)
	s.Reach(next)
	s.mu.Lock()
	rows := eventRows(1)
	names := naming{s.state.Series, map[string]uint64{logs.NetworkRule.Name: s.state.Sequences[logs.NetworkRule.Name] + 1}}
	s.mu.Unlock()
	name := segment.Name{Table: logs.NetworkRule.Name, Firewall: s.options.Firewall, Boot: names.series,
		Sequence: names.numbers[logs.NetworkRule.Name], From: time.Unix(1, 0).UTC()}
	inTheWay := filepath.Join(folder, name.String()+".writing")
	if err := os.Mkdir(inTheWay, 0o700); err != nil {
		t.Fatal(err)
	}
	s.Add(rows)
	s.Reach(s.Next(time.Now(), true))
	await(t, func() bool { return s.Losses()[logs.SegmentLoss].Rows > 0 })
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	s.Add(eventRows(2))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"+segment.Ext))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, file := range files {
		n, err := segment.ParseName(filepath.Base(file))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(n.Table, " ", n.Sequence))
	}
	slices.Sort(got)
	want := []string{"AZFWFlowTrace 1", "AZFWFlowTrace 2", "AZFWNetworkRule 1"}
	if lost := s.Losses()[logs.SegmentLoss].Rows; !slices.Equal(got, want) || lost != 1 {
		t.Errorf("segments %q, %d rows lost; want %q, 1 row", got, lost, want)
	}
}

// A journal that does not reach back to what is not closed has lost rows, and
// how many is known.
func TestAJournalThatIsTooShort(t *testing.T) {
	t.Parallel()
	o := Options{Folder: t.TempDir(), State: t.TempDir()}
	s := open(t, o)
	var journal []batch
	for n := range 10 {
		journal = append(journal, batch{s.Next(time.Time{}, false), []int{n + 1}})
		replay(s, journal[n:])
	}
	s.kill()
	s = open(t, o)
	replay(s, journal[4:])
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if lost := s.Losses()[logs.SegmentLoss]; lost.Rows != 8 || !lost.From.IsZero() || lost.To.IsZero() {
		t.Errorf("%+v is told to be lost, of 4 events, and since when nobody knows", lost)
	}
}

// Flush returns when every row is in a segment.
func TestFlush(t *testing.T) {
	t.Parallel()
	o := Options{Folder: t.TempDir(), State: t.TempDir(), Every: time.Hour}
	s := open(t, o)
	s.Reach(s.Next(time.Now(), true))
	s.Add(eventRows(1))
	flushed := make(chan error, 1)
	go func() { flushed <- s.Flush(t.Context()) }()
	await(t, func() bool { return s.Due(time.Now()) })
	s.Reach(s.Next(time.Now(), false))
	if err := <-flushed; err != nil {
		t.Fatal(err)
	}
	taken := map[string]int64{}
	if take(t, o.Folder, taken, nil); len(taken) != 2 {
		t.Errorf("segments: %v", taken)
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
