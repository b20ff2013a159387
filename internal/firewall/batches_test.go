package firewall

import (
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// Events stay as they were for as long as they are remembered, whatever is made in
// memory that was theirs: in batches of any size, of which all or few are told.
func TestEventsStayInTheirBatches(t *testing.T) {
	t.Parallel()
	s := newStream(&logs.Source{}, &rowsTold{})
	var want []uint32
	seq := uint32(0)
	batch := func(size, each int) {
		events := s.memory(size)
		if len(events) != 0 {
			t.Fatalf("memory has %d events", len(events))
		}
		var list []telling
		for i := range size {
			seq++
			events = append(events, flow.Event{Seq: seq})
			if i%each == 0 {
				list = append(list, telling{event: &events[i], rule: &noRule, fold: logs.Fold{Count: 1}})
				want = append(want, seq)
			}
		}
		s.tell(list, events)
	}
	room := func() (events int) {
		for _, b := range s.batches.kept {
			events += cap(b.events)
		}
		return events + cap(s.batches.spare)
	}
	for n := range 300 {
		batch(n*131%1900, 1+n%3)
		batch(1, 1)
		batch(1500, 500) // a flood, of which hardly anything is told
		if got := room(); got > 6*remembered {
			t.Fatalf("room for %d events", got)
		}
	}
	want = want[len(want)-remembered:]
	for i, e := range s.recent(-1, func(Entry) bool { return true }) {
		if e.Event.Seq != want[i] {
			t.Fatalf("entry %d is event %d, want %d", i, e.Event.Seq, want[i])
		}
	}
}

// Batches as they come in a flood are made in the memory of earlier ones.
func TestMemoryIsUsedAgain(t *testing.T) {
	t.Parallel()
	s := newStream(&logs.Source{}, &rowsTold{})
	turn := func() {
		events := append(s.memory(1800), make([]flow.Event, 1800)...)
		list := make([]telling, len(events))
		for i := range events {
			list[i] = telling{event: &events[i], rule: &noRule}
		}
		s.tell(list, events)
	}
	for range 20 {
		turn()
	}
	first := &s.batches.kept[0].events[0]
	turn()
	if last := s.batches.kept[len(s.batches.kept)-1].events; &last[0] != first {
		t.Error("a batch is in new memory where an old one's was free")
	}
}
