package capture

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// killed is what ends a process of these tests.
type killed struct{}

// diary is a journal in memory. It kills the process when it is about to write
// its record of that number, or when it has just written it.
type diary struct {
	records []diaryRecord
	full    int // Full after so many records of a segment; 0: never
	segment int
	damaged bool

	deadline int   // that many records from now; negative: never
	kind     uint8 // the first record of this kind is the one; 0: deadline says which
	after    bool  // it is written
}

type diaryRecord struct {
	kind    uint8
	content []byte
}

func (d *diary) Full() bool { return d.full > 0 && d.segment >= d.full }

func (d *diary) Begin(kind uint8, parts ...[]byte) error {
	d.segment = 0
	return d.Append(kind, parts...)
}

func (d *diary) Append(kind uint8, parts ...[]byte) error {
	if d.kind != 0 && kind == d.kind {
		d.kind, d.deadline = 0, 0
	}
	if d.deadline == 0 && !d.after {
		panic(killed{})
	}
	d.records = append(d.records, diaryRecord{kind, slices.Concat(parts...)})
	d.segment++
	if d.deadline == 0 {
		panic(killed{})
	}
	d.deadline--
	return nil
}

func (d *diary) Damaged() bool { return d.damaged }

func (d *diary) Each(do func(uint8, []byte) error) error {
	for _, r := range d.records {
		if err := do(r.kind, r.content); err != nil {
			return err
		}
	}
	return nil
}

// shelf is who gets the events: what it has outlives the process.
type shelf struct {
	events   []flow.Event
	deadline int // the process is killed when it has got so many more; negative: never
	recalled []flow.Event
}

func (s *shelf) mark(time.Time) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(len(s.events)))
}

func (s *shelf) take(events []flow.Event) {
	for _, e := range events {
		if s.deadline == 0 {
			panic(killed{})
		}
		s.deadline--
		s.events = append(s.events, e)
	}
}

func (s *shelf) recall(b Recalled) {
	s.recalled = append(s.recalled, b.Events...)
	switch b.State {
	case Interrupted:
		had := len(s.events) - int(binary.LittleEndian.Uint64(b.Mark))
		s.take(b.Events[had:])
	case Undelivered:
		s.take(b.Events)
	}
}

// live is the life of one process, which ends when the shelf has so many
// events, or before.
func live(t *testing.T, config Config, s *shelf, until int) {
	t.Helper()
	r, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if p := recover(); p != nil && p != (killed{}) {
			panic(p)
		}
	}()
	if err := r.Resume(s.recall); err != nil {
		t.Fatal(err)
	}
	if len(r.Doubts()) > 0 || len(r.Unreadable()) > 0 {
		t.Errorf("doubts: %v, unreadable: %v", r.Doubts(), r.Unreadable())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if len(s.events) >= until {
		cancel()
	}
	if err := r.Run(ctx, func(events []flow.Event) {
		if s.take(events); len(s.events) >= until {
			cancel()
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// Wherever a process is killed, each event is handed out once, in order: at
// every record of the journal, before and after it is written, and after every
// event of a batch.
func TestAKilledProcessLosesNothingAndRepeatsNothing(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	name := pinName(t)
	const perLife = 6
	for _, full := range []int{0, 2} {
		d, s := &diary{full: full, deadline: -1}, &shelf{deadline: -1}
		config := Config{Poll: time.Millisecond, PinPath: PinPath(name), Journal: d, Mark: s.mark}
		live(t, config, s, 0) // it makes the rings
		sent := 0
		for step := range 3 { // a life has a batch, its delivery, and maybe a head
			for _, how := range []string{"before a record", "after a record", "within a batch"} {
				sendSYNs(t, router, perLife)
				sent += perLife
				d.deadline, s.deadline = step, -1
				d.after = how == "after a record"
				if how == "within a batch" {
					d.deadline, s.deadline = -1, []int{0, 1, perLife - 1}[step]
				}
				live(t, config, s, sent)
			}
		}
		d.deadline, s.deadline = -1, -1
		live(t, config, s, sent)
		checkShelf(t, fmt.Sprintf("segments of %d records", full), s, sent)
		if err := RemovePinned(name); err != nil {
			t.Fatal(err)
		}
	}
}

func checkShelf(t *testing.T, what string, s *shelf, sent int) {
	t.Helper()
	if len(s.events) != sent {
		t.Errorf("%s: %d events of %d packets", what, len(s.events), sent)
	}
	var last flow.Event
	for _, e := range s.events {
		if e.Number.Seq != last.Number.Seq+1 || e.Time.Before(last.Time) {
			t.Errorf("%s: number %d at %v after %d at %v", what, e.Number.Seq, e.Time, last.Number.Seq, last.Time)
		}
		last = e
	}
}

// What an earlier process had is told to the next one, in the same order and
// with the same times.
func TestAJournalIsRecalled(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	name := pinName(t)
	d, s := &diary{deadline: -1}, &shelf{deadline: -1}
	config := Config{Poll: time.Millisecond, PinPath: PinPath(name), Journal: d, Mark: s.mark}
	live(t, config, s, 0) // it makes the rings
	for life := range 3 {
		sendSYNs(t, router, 5)
		live(t, config, s, 5*(life+1))
		s.recalled = nil
	}
	live(t, config, s, 0)
	if len(s.events) != 15 || !slices.Equal(s.recalled, s.events) {
		t.Errorf("%d events, recalled as\n%v\nbut were\n%v", len(s.events), s.recalled, s.events)
	}
	// In another boot the rings are gone; what was read from them is not.
	sendSYNs(t, router, 2)
	d.deadline, d.after = 0, true // when the batch is written, and nothing else
	live(t, config, s, 17)
	d.deadline = -1
	d.records = ofAnotherBoot(d.records)
	if err := RemovePinned(name); err != nil {
		t.Fatal(err)
	}
	sendSYNs(t, router, 1) // nobody records it
	live(t, config, s, 17)
	sendSYNs(t, router, 3)
	live(t, config, s, 20)
	if len(s.events) != 20 {
		t.Fatalf("over a boot: %d events, want 20", len(s.events))
	}
	if s.events[16].Number.Boot == s.events[17].Number.Boot || s.events[16].In != "" || s.events[17].In != "client" {
		t.Errorf("over a boot: %+v", s.events[15:])
	}
}

// ofAnotherBoot are records as another boot of the host would have left them.
func ofAnotherBoot(records []diaryRecord) []diaryRecord {
	records = slices.Clone(records)
	for i, r := range records {
		if r.kind == kindHead {
			records[i].content = slices.Clone(r.content)
			records[i].content[4] ^= 1 // the first digit of its boot
		}
	}
	return records
}
