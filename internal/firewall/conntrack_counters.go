package firewall

import (
	"context"
	"fmt"
	"hash/fnv"
	"os"

	"github.com/sekisho/sekisho/internal/capture/drops"
	"github.com/sekisho/sekisho/internal/logs"
)

// watchConntrack tells, once a second, which of conntrack's own counters rose. The
// kernel counts on without a process: the first reading tells what came between.
func (f *Firewall) watchConntrack(ctx context.Context) {
	f.tellCounters(true)
	for range beats(ctx, lossBeat) {
		f.tellCounters(false)
	}
}

// tellCounters tells which counters rose since the reading before, if there was
// one. What rises while they cannot be read is told when they can.
func (f *Firewall) tellCounters(first bool) {
	after, err := drops.ReadConntrackCounters()
	if f.heard(countersPart, err); err != nil {
		return
	}
	before, known := f.outliving.counters()
	if first && below(after, before) {
		before = drops.ConntrackCounters{Time: before.Time} // they began anew
	}
	if known {
		for _, d := range drops.Moved(before, after) {
			f.tell(logs.KernelDropRow(&d, f.source))
			f.connections.later(late{at: d.Time, drop: &d})
		}
	}
	f.outliving.setCounters(after)
}

// below reports whether a counter is less than it was. Within a process it has
// passed its last number then. Between two, for which that would take long, the
// namespace is more likely to be another one with the same number.
func below(after, before drops.ConntrackCounters) bool {
	return after.Drop < before.Drop || after.EarlyDrop < before.EarlyDrop ||
		after.InsertFailed < before.InsertFailed || after.ChainTooLong < before.ChainTooLong
}

// counters are conntrack's as they were told last, by whichever process; known is
// false where they were of another namespace or boot, or none were.
func (o *outliving) counters() (c drops.ConntrackCounters, known bool) {
	word := func(n int) uint32 { return uint32(o.words[n].Load()) }
	c = drops.ConntrackCounters{Time: o.moment(wordCounted), Drop: word(wordDrop), EarlyDrop: word(wordEarlyDrop),
		InsertFailed: word(wordInsertFailed), ChainTooLong: word(wordChainTooLong)}
	return c, o.words[wordCountedWhere].Load() == whereCounted()
}

// setCounters notes that counters are told. A process that is killed just before
// that has told them once more, with the same From.
func (o *outliving) setCounters(c drops.ConntrackCounters) {
	o.words[wordDrop].Store(uint64(c.Drop))
	o.words[wordEarlyDrop].Store(uint64(c.EarlyDrop))
	o.words[wordInsertFailed].Store(uint64(c.InsertFailed))
	o.words[wordChainTooLong].Store(uint64(c.ChainTooLong))
	o.words[wordCounted].Store(uint64(c.Time.UnixNano()))
	o.words[wordCountedWhere].Store(whereCounted())
}

// whereCounted stands for this network namespace, in this boot.
func whereCounted() uint64 {
	hash := fnv.New64a()
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // each Linux has it
	namespace, _ := os.Readlink("/proc/thread-self/ns/net")
	fmt.Fprintf(hash, "%s %s", boot, namespace)
	return hash.Sum64()
}
