package drops

import (
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/testnet"
)

// What a drop costs the CPU that drops, by what becomes of it. The kernel's own
// statistics cost more than a short program, so an empty program is measured in
// the same run and its time taken off.
func BenchmarkADrop(b *testing.B) {
	testnet.NeedRoot(b)
	const all = 1 << 16 // ports
	ours := `table inet other { chain c { type filter hook forward priority 0; ` + enforce + `; }; }`
	for _, bb := range []struct {
		name   string
		config Config
		rules  string
		broken bool // by the header's checksum
		ports  int
	}{
		{"elsewhere", Config{}, "", true, all},
		{"ours", enforced, ours, false, all},
		{"folded", Config{}, "", true, 1},
		{"suppressed", Config{EventsPerSecond: 1}, "", true, all},
		{"sent", Config{EventsPerSecond: 1 << 30, RingBytes: 16 << 20}, "", true, all},
	} {
		b.Run(bb.name, func(b *testing.B) {
			w := &world{TB: b, router: testnet.NewRouter(b)}
			w.rules(bb.rules)
			// The port changes, the checksum does not.
			w.sysctl("netfilter/nf_conntrack_checksum", "0")
			start := func() { w.open(bb.config) }
			if bb.name == "elsewhere" {
				inAnother(b, start)
			} else {
				start()
			}
			p := w.tcp("S", 1, server4)
			if bb.broken {
				p[10] ^= 0xff
			}
			empty := attachEmpty(b)
			statistics, err := ebpf.EnableStats(unix.BPF_STATS_RUN_TIME)
			if err != nil {
				b.Fatal(err)
			}
			defer statistics.Close()
			for i := 0; b.Loop(); i++ {
				if i%4096 == 0 {
					w.drops() // room for more
				}
				port := i % bb.ports
				p[20], p[21] = byte(port>>8), byte(port)
				w.send(p)
			}
			b.ReportMetric(perRun(b, w.watcher.objects.Watch)-perRun(b, empty), "ns/drop")
		})
	}
}

// attachEmpty attaches a program that does nothing to the same tracepoint.
func attachEmpty(b *testing.B) *ebpf.Program {
	b.Helper()
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.Tracing, AttachType: ebpf.AttachTraceRawTp, AttachTo: "kfree_skb",
		License: "GPL", Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { program.Close() })
	l, err := link.AttachTracing(link.TracingOptions{Program: program})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	return program
}

// perRun is a program's mean time, in nanoseconds.
func perRun(b *testing.B, program *ebpf.Program) float64 {
	b.Helper()
	s, err := program.Stats()
	if err != nil {
		b.Fatal(err)
	}
	return float64(s.Runtime/time.Nanosecond) / float64(s.RunCount)
}
