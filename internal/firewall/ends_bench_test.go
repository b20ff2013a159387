package firewall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/testnet"
)

// BenchmarkConntrackEnds is new connections a second through a firewall that
// hears conntrack's ends, divided by those through one that does not: medians
// of pairs, one after the other in one run.
func BenchmarkConntrackEnds(b *testing.B) {
	testnet.NeedRoot(b)
	hosts := testnet.NewHosts(b)
	to := answerAll(b, hosts)
	pairs := 5
	if n, err := strconv.Atoi(os.Getenv("SEKISHO_PAIRS")); err == nil {
		pairs = n
	}
	var ratios, rates []float64
	for b.Loop() {
		for range pairs {
			without := rate(b, hosts, to, false)
			with := rate(b, hosts, to, true)
			ratios, rates = append(ratios, with/without), append(rates, without)
		}
	}
	slices.Sort(ratios)
	slices.Sort(rates)
	b.ReportMetric(ratios[len(ratios)/2], "with/without")
	b.ReportMetric(ratios[0], "lowest")
	b.ReportMetric(ratios[len(ratios)-1], "highest")
	b.ReportMetric(rates[len(rates)/2], "connections/s")
}

// answerAll answers connections with one byte.
func answerAll(b *testing.B, hosts *testnet.Hosts) string {
	b.Helper()
	var l net.Listener
	if err := hosts.Server.Do(func() (err error) {
		l, err = net.Listen("tcp", netip.AddrPortFrom(hosts.Server.Address, 0).String())
		return err
	}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = c.Write([]byte("x"))
				c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// rate is connections a second for two seconds.
func rate(b *testing.B, hosts *testnet.Hosts, to string, ends bool) float64 {
	b.Helper()
	config := &Config{Name: "ends", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), Logs: LogsConfig{Directory: b.TempDir()},
		Capture: CaptureConfig{ConntrackEnds: &ends}, Conntrack: ConntrackConfig{Timeouts: map[string]string{"tcpTimeWait": "1s", "tcpClose": "1s"}}}
	fw, err := Start(context.Background(), config, parseEverything(b), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()
	const workers = 8
	count := make(chan int, workers)
	begin := time.Now()
	until := begin.Add(2 * time.Second)
	for range workers {
		go func() {
			n := 0
			_ = hosts.Client.Do(func() error {
				for ; time.Now().Before(until); n++ {
					c, err := net.Dial("tcp", to)
					if err != nil {
						return err
					}
					_, _ = io.ReadAll(c)
					c.Close()
				}
				return nil
			})
			count <- n
		}()
	}
	total := 0
	for range workers {
		total += <-count
	}
	took := time.Since(begin)
	cancel()
	if err := errors.Join(<-done, fw.Close(), Remove(context.Background(), config)); err != nil {
		b.Fatal(err)
	}
	return float64(total) / took.Seconds()
}
