package firewall

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

const allowAll = `
name: kill
ruleCollectionGroups:
  - name: g
    priority: 100
    ruleCollections:
      - {name: deny, priority: 100, action: {type: Deny}, rules: [{name: deny, ipProtocols: [TCP], sourceAddresses: ["*"], destinationAddresses: ["*"], destinationPorts: ["7001"]}]}
      - {name: allow, priority: 200, action: {type: Allow}, rules: [{name: allow, ipProtocols: [TCP], sourceAddresses: ["*"], destinationAddresses: ["*"], destinationPorts: ["*"]}]}
`

var (
	kills = flag.Int("kills", 50, "how often the firewall is killed; some tests kill a part of that")
	seed  = flag.Uint64("seed", 1, "says when it is killed, and what else is random")
)

// The firewall's process is killed with kill -9 at random moments under load,
// while it starts too. In the end each event that the program in the kernel
// has counted has its row, once, or is told to be lost.
func TestKilledUnderLoad(t *testing.T) {
	testnet.NeedRoot(t)
	kills := *kills
	t.Logf("-kills %d -seed %d", kills, *seed)
	size := 4 * uint32(os.Getpagesize())
	no := false
	tiny := CaptureConfig{RingBytes: size, SynRingBytes: size, RefusedRingBytes: size}
	for _, tt := range []struct {
		name    string
		capture CaptureConfig
		kills   int
		stop    bool          // the process is stopped for a while before it is killed
		pause   time.Duration // between two connections of a client
		rotate  bool          // log files are moved away, and processes live long enough to see it
	}{
		{"rings", CaptureConfig{JournalBytes: 2 * leastJournal}, kills, false, 5 * time.Millisecond, false},
		{"a small journal", CaptureConfig{JournalBytes: leastJournal}, kills / 10, false, 10 * time.Millisecond, false},
		{"tiny rings and a reader that stops", tiny, kills / 10, true, 10 * time.Millisecond, false},
		{"rotated logs", CaptureConfig{JournalBytes: 2 * leastJournal}, kills / 10, false, 10 * time.Millisecond, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !testnet.Apart(t) {
				return
			}
			hosts := testnet.NewHosts(t)
			tt.capture.KernelDrops = &no // it takes half of the time to start
			p := newProgram(t, Config{Name: "kill", Capture: tt.capture, Logs: LogsConfig{Workspace: true, Spool: SpoolConfig{Every: "30ms"}, FoldRate: math.MaxInt32}}, allowAll)
			segments := newCarrier(t, p)
			p.start(t).end(t) // its rules come first: what passes before is nobody's
			random := rand.New(rand.NewPCG(*seed, uint64(tt.kills)))
			load := newLoad(t, hosts, tt.pause)
			rotated := func() {}
			if tt.rotate {
				rotated = rotateLogs(t, p)
			}
			for range tt.kills {
				l := p.start(t)
				if random.IntN(3) > 0 { // else while it starts
					l.awaitReady(t)
				}
				time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
				if tt.stop {
					_ = l.cmd.Process.Signal(syscall.SIGSTOP)
					time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
					_ = l.cmd.Process.Signal(syscall.SIGCONT)
					time.Sleep(time.Duration(random.IntN(1200)) * time.Millisecond) // losses are told once a second
				}
				if tt.rotate {
					time.Sleep(time.Duration(random.IntN(2500)) * time.Millisecond)
				}
				l.kill(t)
			}
			l := p.start(t)
			l.awaitReady(t)
			load.end()
			rotated()
			time.Sleep(time.Second) // losses are told once a second
			l.end(t)
			checkBooks(t, p, tt.stop, segments)
		})
	}
}

// checkBooks compares the counters of the program in the kernel with the rows.
// With losses, there must be some.
func checkBooks(t *testing.T, p *program, losses bool, segments *carrier) {
	t.Helper()
	stats, late := p.late(t) // a packet that is sent again comes when it likes
	if segments != nil {
		segments.end(t)
		segments.checkSegments(t, stats, late)
	}
	recorded, lost := capture.Total(stats.Recorded)-capture.Total(late), capture.Total(stats.Lost)
	traces := slices.DeleteFunc(readRows(t, p, logs.FlowTrace), func(r logs.Record) bool {
		return r.Get("Flag") == flow.IGNORED.String() // of them there are no events
	})
	seen := map[string]int{}
	decisions, nameless := 0, 0
	for _, r := range traces {
		seen[fmt.Sprint(r.Get("EventBoot"), r.Get("EventCpu"), r.Get("EventNumber"))]++
		flag, _ := r.Get("Flag").(string)
		if flag == flow.DENIED.String() || flag == flow.SYN.String() && r.Get("Direction") == "original" && r.Get("Verdict") != nil {
			decisions++
		}
		if r.Get("ConnectionId") == nil && flag != flow.INVALID.String() {
			if nameless++; nameless == 1 {
				logStory(t, traces, r)
			}
		}
	}
	var told uint64
	for _, r := range readRows(t, p, logs.CaptureLoss) {
		if place := r.Get("Place"); place == string(logs.RingLoss) || place == string(logs.JournalLoss) {
			count, _ := r.Get("Count").(int64)
			told += uint64(count)
		} else if place != string(logs.ReasonLoss) && place != string(logs.JoinLoss) {
			t.Errorf("rows were lost: %v %v", place, r.Get("Count"))
		}
	}
	t.Logf("%d events recorded and %d lost in the kernel; %d rows, %d told to be lost", recorded, lost, len(traces), told)
	if uint64(len(traces)) != recorded || len(seen) != len(traces) {
		t.Errorf("%d rows with %d numbers, of %d events", len(traces), len(seen), recorded)
	}
	if told != lost || losses && lost == 0 {
		t.Errorf("%d events were lost, and %d are told", lost, told)
	}
	if rules := readRows(t, p, logs.NetworkRule); len(rules) != decisions {
		t.Errorf("%d decisions have %d rows", decisions, len(rules))
	}
	if nameless > 0 && lost == 0 {
		t.Errorf("%d rows do not know their connection", nameless)
	}
	if recorded+lost < 200 { // on an idle host the processes start fast, and there is less time
		t.Errorf("only %d events: there was no load", recorded+lost)
	}
}

// logStory logs the rows of the tuple that a row has.
func logStory(t *testing.T, rows []logs.Record, of logs.Record) {
	t.Helper()
	ports := func(r logs.Record) string {
		a, b := fmt.Sprint(r.Get("SourceIp"), r.Get("SourcePort")), fmt.Sprint(r.Get("DestinationIp"), r.Get("DestinationPort"))
		return min(a, b) + " " + max(a, b)
	}
	for i, r := range rows {
		if ports(r) == ports(of) {
			t.Logf("row %d: %s %v, %v, CPU %v number %v, connection %v", i, r.Time().Format("15:04:05.000000"),
				r.Get("Flag"), r.Get("TcpState"), r.Get("EventCpu"), r.Get("EventNumber"), r.Get("ConnectionId"))
		}
	}
}

// readRows reads a table's rows, those of rotated files too.
func readRows(t *testing.T, p *program, table *logs.Table) []logs.Record {
	t.Helper()
	name := fileName(filepath.Join(p.folder, "logs"), table.Name)
	files, err := filepath.Glob(name + ".*")
	if err != nil {
		t.Fatal(err)
	}
	var rows []logs.Record
	for _, file := range append(files, name) {
		text, err := os.ReadFile(file)
		if err != nil && (len(files) == 0 || !errors.Is(err, os.ErrNotExist)) {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			if file != name && !bytes.HasSuffix(line, []byte{'\n'}) {
				continue // it was moved away from a killed process, and the row is in the next
			}
			r, err := logs.ParseJSON(line)
			if err != nil || !bytes.HasSuffix(line, []byte{'\n'}) {
				t.Fatalf("row %d of table %s is %q: %v", len(rows), table.Name, line, err)
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// rotateLogs moves the log files away again and again, until it is told to stop.
func rotateLogs(t *testing.T, p *program) (stop func()) {
	t.Helper()
	end, times := make(chan struct{}), make(chan int)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-end:
				times <- n
				return
			case <-time.After(700 * time.Millisecond):
			}
			files, _ := filepath.Glob(filepath.Join(p.folder, "logs", "*.jsonl")) // only a bad pattern is an error
			for _, file := range files {
				if err := os.Rename(file, fmt.Sprintf("%s.%06d", file, n)); err != nil {
					t.Errorf("rotate: %v", err)
				}
			}
		}
	}()
	return func() {
		close(end)
		if n := <-times; n < 3 {
			t.Errorf("files were moved away %d times", n)
		}
	}
}

// The disk under the journal gets full while the firewall works: events wait in
// the rings, and what finds no room there is told to be lost for that reason.
// When there is room again it goes on.
func TestAFullDiskUnderTheJournal(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	hosts := testnet.NewHosts(t)
	size := 4 * uint32(os.Getpagesize())
	p := newProgram(t, Config{Name: "full", Capture: CaptureConfig{RingBytes: size, SynRingBytes: size, JournalBytes: leastJournal}}, allowAll)
	p.disk = 2 << 20
	l := p.start(t)
	l.awaitReady(t)
	load := newLoad(t, hosts, 10*time.Millisecond)
	time.Sleep(300 * time.Millisecond)
	filler := fmt.Sprintf("/proc/%d/root%s/filler", l.cmd.Process.Pid, p.config.StateFolder)
	fillUp(t, filler)
	enforced := enforcedMeanwhile(hosts)
	for deadline := time.Now().Add(2500 * time.Millisecond); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		fillUp(t, filler) // also what the journal frees
	}
	enforced(t)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond)
	load.end()
	time.Sleep(1200 * time.Millisecond)
	l.end(t)
	checkBooks(t, p, true, nil)
	var told int64
	for _, r := range readRows(t, p, logs.CaptureLoss) {
		if count, _ := r.Get("Count").(int64); r.Get("Place") == string(logs.JournalLoss) {
			told += count
		}
	}
	if told == 0 {
		t.Error("no loss is told to be the journal's")
	}
}

// fillUp appends to a file until the disk is full.
func fillUp(t *testing.T, name string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

// load is connections that come and go, of four clients.
type load struct {
	done atomic.Bool
	work sync.WaitGroup
}

func newLoad(t *testing.T, hosts *testnet.Hosts, pause time.Duration) *load {
	t.Helper()
	servers(t, hosts)
	l := &load{}
	for worker := range 4 {
		l.work.Go(func() {
			_ = hosts.Client.Do(func() error {
				to := []netip.Addr{hosts.Server.Address, hosts.Server.Address6}[worker%2]
				for n := 0; !l.done.Load(); n++ {
					connectBriefly(to, n)
					time.Sleep(pause)
				}
				return nil
			})
		})
	}
	t.Cleanup(l.end)
	return l
}

// connectBriefly opens a connection and ends it at once, mostly with an RST: no
// port is kept in TIME_WAIT, and all is said when it returns.
func connectBriefly(to netip.Addr, n int) {
	port := uint16(7000)
	if n%50 == 0 {
		port = 7002 // refused
	}
	c, err := net.DialTimeout("tcp", netip.AddrPortFrom(to, port).String(), time.Second)
	if err != nil {
		return
	}
	defer c.Close()
	if n%10 != 0 {
		_ = c.(*net.TCPConn).SetLinger(0)
		return
	}
	_ = c.SetDeadline(time.Now().Add(time.Second))
	_, _ = c.Write([]byte{serverCloses})
	_, _ = c.Read(make([]byte, 1))
}

func (l *load) end() {
	l.done.Store(true)
	l.work.Wait()
}
