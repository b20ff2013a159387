package firewall

import "github.com/sekisho/sekisho/internal/flow"

// batches is memory of events, for batches of the recorder. While events are
// remembered they stay in it, as to copy each costs more than all else that is done
// to remember it; then it is for other batches.
type batches struct {
	kept  []batch      // the oldest first
	spare []flow.Event // of a batch of which nothing was kept
}

type batch struct {
	events []flow.Event
	last   uint64 // the number of the last entry that may be of it
}

// suits reports whether so many events are worth to keep that memory for them.
func suits(memory []flow.Event, n int) bool { return n <= cap(memory) && cap(memory) <= 4*n }

// memory is for n events, where so many entries were told.
func (b *batches) memory(n int, told uint64) []flow.Event {
	spare := b.spare
	b.spare = nil
	for !suits(spare, n) && len(b.kept) > 0 && told-b.kept[0].last >= remembered {
		spare = b.kept[0].events
		b.kept[0] = batch{}
		b.kept = b.kept[1:]
	}
	if !suits(spare, n) {
		return make([]flow.Event, 0, n)
	}
	return spare[:0]
}

// giveBack takes the memory of a batch of which few events are told, and reports
// that: they are to be copied.
func (b *batches) giveBack(events []flow.Event, told int) bool {
	if cap(events) <= 4*told {
		return false
	}
	b.spare = events[:0]
	return true
}

// keep keeps a batch for as long as the entries are remembered that were told.
func (b *batches) keep(events []flow.Event, told uint64) {
	if cap(events) > 0 {
		b.kept = append(b.kept, batch{events, told})
	}
}
