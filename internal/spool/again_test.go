package spool

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
)

// Rows that tell of losses lie in a spool that nobody empties, and are given up with
// the rest, whenever processes are killed. What they told is told again: the counts are
// those that there were, and the times too.
func TestLossesOutliveTheirSegments(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 2))
		o := Options{Folder: t.TempDir(), State: t.TempDir(), Bytes: 40 << 10}
		s := open(t, o)
		var journal []batch
		want := map[string]lossSum{}
		const events = 60
		for n := range events {
			if random.IntN(6) == 0 {
				s.kill()
				s = open(t, o)
				replay(s, journal)
			}
			if random.IntN(2) == 0 {
				l := someLoss(random, n)
				want[kindOf(l)] = want[kindOf(l)].with(int64(l.Count), l.From, l.To)
				if err := s.Keep([]logs.Row{logs.LossRow(l, source)}); err != nil {
					t.Fatal(err)
				}
			}
			journal = append(journal, batch{place: s.Next(time.Now(), true), rows: []int{n + 1}})
			replay(s, journal[n:])
		}
		s.kill()
		o.Bytes = 0 // what was given up last is told with what comes next
		s = open(t, o)
		replay(s, journal)
		s.Reach(s.Next(time.Now(), true))
		s.Add(eventRows(events + 1))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		got, rows, others := told(t, o.Folder)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d: losses (-want +got):\n%s", seed, diff)
		}
		if most := 2*len(want) + 20; rows > most {
			t.Errorf("seed %d: %d rows tell of %d kinds of losses", seed, rows, len(want))
		}
		if lost := s.Losses()[logs.SpoolLoss].Rows; others+lost != 2*(events+1) || lost == 0 {
			t.Errorf("seed %d: %d rows and %d that are lost, of %d", seed, others, lost, 2*(events+1))
		}
	}
}

// lossSum is what rows of one kind tell together.
type lossSum struct {
	Count    int64
	From, To time.Time
}

func (s lossSum) with(count int64, from, to time.Time) lossSum {
	if s.Count == 0 {
		return lossSum{count, from, to}
	}
	if from.Before(s.From) {
		s.From = from
	}
	if to.After(s.To) {
		s.To = to
	}
	return lossSum{s.Count + count, s.From, s.To}
}

func kindOf(l logs.Loss) string { return fmt.Sprint(l.Place, " ", l.Kind) }

// someLoss is one of a few kinds; of some nobody knows since when.
func someLoss(random *rand.Rand, n int) logs.Loss {
	at := time.Unix(int64(n+1), 0).UTC()
	switch random.IntN(3) {
	case 0:
		return logs.Loss{From: at, To: at.Add(time.Second), Place: logs.RingLoss, Kind: "SYN", Count: 1 + random.Uint64N(9)}
	case 1:
		return logs.Loss{From: at, To: at.Add(time.Minute), Place: logs.RingLoss, Kind: "RST", Reason: "why", Count: 1 + random.Uint64N(9)}
	}
	return logs.Loss{To: at, Place: logs.UnreadLoss, Count: 1 + random.Uint64N(9)}
}

// told reads what all segments tell, in how many rows, and how many others they have.
func told(t *testing.T, folder string) (sums map[string]lossSum, rows int, others uint64) {
	t.Helper()
	sums = map[string]lossSum{}
	files, _ := filepath.Glob(filepath.Join(folder, "*"+segment.Ext))
	for _, file := range files {
		records, err := segment.Records(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if r.Table() != logs.CaptureLoss {
				others++
				continue
			}
			rows++
			kind, _ := r.Get("Kind").(string)
			key := fmt.Sprint(r.Get("Place"), " ", kind)
			from, _ := r.Get("From").(time.Time)
			sums[key] = sums[key].with(r.Get("Count").(int64), from, r.Get("To").(time.Time))
		}
	}
	return sums, rows, others
}
