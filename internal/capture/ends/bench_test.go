package ends

import (
	"net"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/flow"
)

// BenchmarkEnd is what an end costs: the kernel, which makes a message of it, by
// the time that deleting a table full of entries takes with and without a
// listener; and whoever reads it.
func BenchmarkEnd(b *testing.B) {
	const entries = 10_000
	var quiet, heard, reading float64
	rounds := 0
	runtime.LockOSThread() // whose CPU time is measured
	defer runtime.UnlockOSThread()
	w := newWorld(b, Config{})
	for b.Loop() {
		if err := w.watcher.Close(); err != nil {
			b.Fatal(err)
		}
		quiet += deleting(b, entries)
		var err error
		if w.watcher, err = Open(Config{}); err != nil {
			b.Fatal(err)
		}
		heard += deleting(b, entries)
		before := thread()
		n := 0
		w.must(w.watcher.read(&w.reader, func(batch []flow.ConntrackEnd) { n += len(batch) }))
		reading += thread() - before
		if s := w.watcher.Stats(); n != entries || s.Overruns != 0 {
			b.Fatalf("%d of %d ends, %+v", n, entries, s)
		}
		rounds++
	}
	per := func(ns float64) float64 { return ns / float64(rounds*entries) }
	b.ReportMetric(per(heard-quiet), "ns/end-kernel")
	b.ReportMetric(per(reading), "ns/end-reader")
}

// deleting fills the table and returns how long emptying it takes the CPU.
func deleting(b *testing.B, entries int) float64 {
	b.Helper()
	fill(b, entries)
	before := thread()
	if err := netlink.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
		b.Fatal(err)
	}
	return thread() - before
}

// thread is the CPU time of this thread, in nanoseconds.
func thread() float64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts)
	return float64(ts.Nano())
}

// fill makes entries as closed connections leave them.
func fill(b *testing.B, entries int) {
	b.Helper()
	for i := range entries {
		client, server := net.IPv4(10, 64, byte(i>>8), byte(i)).To4(), net.IPv4(10, 9, 2, 2).To4()
		err := netlink.ConntrackCreate(netlink.ConntrackTable, netlink.FAMILY_V4, &netlink.ConntrackFlow{
			FamilyType: unix.AF_INET, TimeOut: 120,
			Forward:   netlink.IPTuple{SrcIP: client, DstIP: server, SrcPort: 40000, DstPort: 443, Protocol: unix.IPPROTO_TCP},
			Reverse:   netlink.IPTuple{SrcIP: server, DstIP: client, SrcPort: 443, DstPort: 40000, Protocol: unix.IPPROTO_TCP},
			ProtoInfo: &netlink.ProtoInfoTCP{State: 7},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
