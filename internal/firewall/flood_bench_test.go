package firewall

import (
	"context"
	"io"
	"log/slog"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/testnet"
)

// BenchmarkFlood is how many packets of a flood a second pass a router that
// only tracks connections; one with this firewall; and one with a firewall that
// listens to the kernel and writes a row for each, whatever comes. The sources
// are 20,000; who sends has a CPU, as has who reads where there are two.
func BenchmarkFlood(b *testing.B) {
	testnet.NeedRoot(b)
	const never = 1 << 30
	for kind, name := range map[int]string{floodSYN: "SYN", floodINVALID: "INVALID", floodDenied: "denied"} {
		for _, tt := range []struct {
			name   string
			config *Config
		}{
			{"router", nil},
			{"firewall", &Config{}},
			{"all told", &Config{Logs: LogsConfig{FoldRate: never}, Capture: CaptureConfig{ReasonsRate: never}}},
		} {
			b.Run(name+"/"+tt.name, func(b *testing.B) {
				flood := newFlooder(b, testnet.NewHosts(b))
				var packets [][]byte
				for n := range uint32(20_000) {
					packets = append(packets, flood.packet(b, kind, n))
				}
				if tt.config == nil {
					onlyTrack(b)
				} else {
					runFirewall(b, tt.config)
				}
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				thread, process := cpuTime(b, unix.CLOCK_THREAD_CPUTIME_ID), cpuTime(b, unix.CLOCK_PROCESS_CPUTIME_ID)
				for n := 0; b.Loop(); n++ {
					flood.send(b, kind, packets[n%len(packets)])
				}
				passing := cpuTime(b, unix.CLOCK_THREAD_CPUTIME_ID) - thread
				reading := cpuTime(b, unix.CLOCK_PROCESS_CPUTIME_ID) - process - passing
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
				b.ReportMetric(float64(passing.Nanoseconds())/float64(b.N), "ns-passing/packet")
				b.ReportMetric(float64(reading.Nanoseconds())/float64(b.N), "ns-reading/packet")
			})
		}
	}
}

// cpuTime reads a clock that other programs of the host do not move: a packet
// is forwarded by the thread that sends it, as nothing else is between them.
func cpuTime(b *testing.B, clock int32) time.Duration {
	b.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		b.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// onlyTrack makes a router that tracks connections and drops what is INVALID.
func onlyTrack(b *testing.B) {
	b.Helper()
	const table = `add table inet router; add chain inet router forward { type filter hook forward priority 0; }; ` +
		`add rule inet router forward ct state invalid drop; add rule inet router forward tcp dport 7001 drop`
	if out, err := exec.Command("nft", table).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	b.Cleanup(func() { _ = exec.Command("nft", "delete table inet router").Run() })
}

func runFirewall(b *testing.B, config *Config) {
	b.Helper()
	folder := b.TempDir()
	config.Name, config.StateFolder, config.Logs.Directory = "flood", filepath.Join(folder, "state"), folder
	pol, _, err := policy.Parse("flood.yaml", []byte(floodPolicy))
	if err != nil {
		b.Fatal(err)
	}
	fw, err := Start(b.Context(), config, pol, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		if err := fw.Close(); err != nil {
			b.Error(err)
		}
		if err := Remove(context.Background(), config); err != nil {
			b.Error(err)
		}
	})
}
