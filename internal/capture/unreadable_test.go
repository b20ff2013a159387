package capture

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/testnet"
)

// What left the rings and is in no journal is known to be missing, since the last
// event that the journal has. Where a whole journal is there, nothing is.
func TestEventsOfADamagedJournalAreMissed(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	config := Config{Poll: time.Millisecond, PinPath: PinPath(pinName(t))}
	d := &diary{deadline: -1}
	config.Journal = d
	s := &shelf{deadline: -1}
	config.Mark = s.mark
	sendAndTake := func(n int) {
		until := len(s.events) + n
		sendSYNs(t, router, n)
		live(t, config, s, until)
	}
	live(t, config, s, 0) // attaches
	sendAndTake(3)
	first := slices.Clone(d.records)
	newest := s.events[len(s.events)-1].Time
	sendAndTake(2)
	for _, tt := range []struct {
		what       string
		records    []diaryRecord
		lost, from bool
	}{
		{"whole", d.records, false, false},
		{"without its end", first, true, true},
		{"gone", nil, true, false},
		{"of records that are none", []diaryRecord{first[0], {kindBatch, []byte("none")}}, true, false},
	} {
		config.Journal = &diary{deadline: -1, records: tt.records}
		r, err := Open(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Resume(func(Recalled) {}); err != nil {
			t.Fatal(err)
		}
		u := r.Unreadable()
		if (len(u) == 1) != tt.lost {
			t.Errorf("%s: %+v", tt.what, u)
		}
		if tt.lost && (u[0].Count != 0 || u[0].From.IsZero() == tt.from || tt.from && !u[0].From.Equal(newest) || time.Since(u[0].To) > time.Minute) {
			t.Errorf("%s: %+v, the newest event of the journal is of %v", tt.what, u[0], newest)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Of a journal that another boot of the host has left, the end may be lost: its events
// are in no ring any more. That it was whole, or was damaged in this boot, loses none.
func TestTheEndOfAnEarlierBootIsMissed(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	nft(t, conntrackOnly)
	name := pinName(t)
	d, s := &diary{deadline: -1}, &shelf{deadline: -1}
	config := Config{Poll: time.Millisecond, PinPath: PinPath(name), Journal: d, Mark: s.mark}
	live(t, config, s, 0) // attaches
	sendSYNs(t, router, 3)
	live(t, config, s, 3)
	ours, earlier := d.records, ofAnotherBoot(d.records)
	newest := s.events[len(s.events)-1].Time
	for _, tt := range []struct {
		what          string
		records       []diaryRecord
		damaged, lost bool
	}{
		{"of this boot", ours, true, false},
		{"whole", earlier, false, false},
		{"a torn end", earlier, true, true},
		{"nothing but a torn end", nil, true, true},
		{"an end of records that are none", append(slices.Clone(earlier), diaryRecord{kindBatch, []byte("none")}), false, true},
	} {
		config.Journal = &diary{deadline: -1, records: slices.Clone(tt.records), damaged: tt.damaged}
		r, err := Open(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Resume(func(Recalled) {}); err != nil {
			t.Fatal(err)
		}
		u := r.Unreadable()
		if (len(u) == 1) != tt.lost {
			t.Errorf("%s: %+v", tt.what, u)
		}
		if tt.lost && (u[0].Count != 0 || !u[0].Earlier || !u[0].From.IsZero() || u[0].To.After(newest)) {
			t.Errorf("%s: %+v, the newest event of the journal is of %v", tt.what, u[0], newest)
		}
		// The rings go with their boot.
		if err := errors.Join(r.Close(), RemovePinned(name)); err != nil {
			t.Error(err)
		}
	}
}
