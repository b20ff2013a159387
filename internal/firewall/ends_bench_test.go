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

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/testnet"
)

// BenchmarkConntrackEnds is what a new connection costs the CPU, through a
// firewall that hears conntrack's ends, of which those of closed connections are
// filtered, one that hears all and tells packets and bytes, and one that does
// neither: of client, server, kernel and reader together,
// which all run in this process. Medians of rounds, one after the other. (That conntrack makes a message of an end is done
// by a thread of the kernel: see BenchmarkEnd of capture/ends.)
func BenchmarkConntrackEnds(b *testing.B) {
	testnet.NeedRoot(b)
	hosts := testnet.NewHosts(b)
	to := answerAll(b, hosts)
	pairs := 5
	if n, err := strconv.Atoi(os.Getenv("SEKISHO_PAIRS")); err == nil {
		pairs = n
	}
	var costs, heard, counted []float64
	for b.Loop() {
		for range pairs {
			without := cost(b, hosts, to, false, false)
			costs = append(costs, without/1000)
			heard = append(heard, cost(b, hosts, to, true, false)/without)
			counted = append(counted, cost(b, hosts, to, true, true)/without)
		}
	}
	for unit, list := range map[string][]float64{"µs/connection": costs, "with-ends/without": heard, "with-accounting/without": counted} {
		slices.Sort(list)
		b.ReportMetric(list[len(list)/2], unit)
		b.Logf("%s: %.3f to %.3f", unit, list[0], list[len(list)-1])
	}
}

// used is the CPU time of this process, in nanoseconds.
func used() float64 {
	u := spent()
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

// spent is all that this process has used.
func spent() (u unix.Rusage) {
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return u
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

// cost is the CPU time of a connection, in nanoseconds, over two seconds of them
// and until their ends were heard.
func cost(b *testing.B, hosts *testnet.Hosts, to string, ends, accounting bool) float64 {
	b.Helper()
	config := &Config{Name: "ends", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), Logs: LogsConfig{Directory: b.TempDir()},
		Capture: CaptureConfig{ConntrackEnds: &ends, Accounting: accounting}, Conntrack: ConntrackConfig{Timeouts: map[string]string{"tcpTimeWait": "1s", "tcpClose": "1s"}}}
	fw, err := Start(context.Background(), config, parseEverything(b), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()
	const workers = 8
	count := make(chan int, workers)
	before := used()
	until := time.Now().Add(2 * time.Second)
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
	time.Sleep(1500 * time.Millisecond) // for TIME_WAIT
	if _, err := netlink.ConntrackTableList(netlink.ConntrackTable, netlink.FAMILY_V4); err != nil {
		b.Fatal(err) // what has expired goes when it is met
	}
	time.Sleep(500 * time.Millisecond)
	spent := used() - before
	cancel()
	if err := errors.Join(<-done, fw.Close(), Remove(context.Background(), config)); err != nil {
		b.Fatal(err)
	}
	return spent / float64(total)
}
