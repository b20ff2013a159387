package workspace_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// benchRows is among how many rows a connection is looked for;
// SEKISHO_BENCH_ROWS=10000000 is the size that the claim is about.
func benchRows(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("SEKISHO_BENCH_ROWS"))
	if err != nil {
		n = 1_000_000
	}
	if testing.Short() {
		n = min(n, 100_000)
	}
	return n
}

// BenchmarkStoredDiagnosis reads back what is stored about one connection of two
// days ago, and says what became of it: among rows of a flow trace and a tenth
// as many connections, of two days.
func BenchmarkStoredDiagnosis(b *testing.B) {
	folder := b.TempDir()
	w, err := workspace.Open(b.Context(), workspace.Config{Name: "bench", Folder: folder, Query: workspace.Limits{Threads: 2}}, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	q := fillTwoDays(b, w, benchRows(b))
	workspace.TendNow(b.Context(), w)
	for b.Loop() {
		rows, err := workspace.Evidence(b.Context(), w, q)
		if err != nil {
			b.Fatal(err)
		}
		v := diagnose.Diagnose(diagnose.Case{Asked: q, Connections: rows.Connections, Watches: rows.Watches})
		if v.Outcome != flow.NoReply {
			b.Fatalf("the verdict is %s, over %d connections", v.Outcome, len(rows.Connections))
		}
	}
}

// fillTwoDays delivers rows, and gives the question about one of the first ones.
func fillTwoDays(b *testing.B, w *workspace.Workspace, rows int) diagnose.Question {
	b.Helper()
	const segments = 100
	fw, spool := storetest.NewFirewall("fw-a"), b.TempDir()
	begin := time.Now().Add(-48 * time.Hour)
	each := rows / segments * 10 / 11
	step := 48 * time.Hour / time.Duration(each*segments)
	for n := range segments {
		at := begin.Add(time.Duration(n*each) * step)
		var connections []logs.Row
		for i := range each / 10 {
			connections = append(connections, fw.Connection(at.Add(time.Duration(i*10)*step), client(n*each/10+i), netip.MustParseAddrPort("10.2.0.7:22"), flow.NoReply))
		}
		for _, rows := range [][]logs.Row{fw.Trace(at, step, uint32(n*each), each), connections} {
			if _, _, err := w.Take(b.Context(), fw.Close(b, spool, rows)); err != nil {
				b.Fatal(err)
			}
		}
	}
	asked := each / 20
	return diagnose.Question{Source: client(asked), Destination: netip.MustParseAddrPort("10.2.0.7:22"), At: begin.Add(time.Duration(asked*10)*step + time.Second)}
}

// client is one that nobody else is.
func client(n int) netip.AddrPort {
	var ip [4]byte
	binary.BigEndian.PutUint32(ip[:], 10<<24|1<<16|uint32(n%50_000))
	return netip.AddrPortFrom(netip.AddrFrom4(ip), uint16(1024+n/50_000))
}

// BenchmarkMemory runs a workspace as a process of its own and reports what it
// takes at rest, and at most while it counts over all rows.
func BenchmarkMemory(b *testing.B) {
	folder := b.TempDir()
	func() {
		w, err := workspace.Open(b.Context(), killedConfig(folder), slog.New(slog.DiscardHandler))
		if err != nil {
			b.Fatal(err)
		}
		defer w.Close()
		fillTwoDays(b, w, benchRows(b))
		workspace.TendNow(b.Context(), w)
	}()
	for b.Loop() {
		p := startProcess(b, folder)
		time.Sleep(2 * time.Second)
		rest := p.status(b, "VmRSS")
		for _, text := range []string{"AZFWFlowTrace | summarize count() by SourceIp, bin(TimeGenerated, 1m) | count",
			"AZFWFlowTrace | where Flag == 'SYN' | join kind=leftanti (AZFWFlowTrace | where Flag == 'SYN-ACK') on ConnectionId | count"} {
			a, err := p.client.Query(context.Background(), store.Query{Text: text})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := a.Rows.Next(); err != nil {
				b.Fatal(err)
			}
			a.Rows.Close()
		}
		b.ReportMetric(rest, "MB-at-rest")
		b.ReportMetric(p.status(b, "VmHWM"), "MB-at-most")
		p.end()
	}
}

// process is a workspace of its own.
type process struct {
	pid    int
	client *workspace.Client
	end    func()
}

func startProcess(b *testing.B, folder string) *process {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	socket := filepath.Join(folder, "s.sock")
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), killedFolder+"="+folder, askedSocket+"="+socket)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		_, err = bufio.NewReader(out).ReadString('\n')
	}
	if err != nil {
		b.Fatal(err)
	}
	return &process{cmd.Process.Pid, workspace.NewClient(socket), func() {
		cmd.Process.Kill()
		cmd.Wait()
		os.Remove(socket)
	}}
}

// status is a size in /proc/PID/status in MB.
func (p *process) status(b *testing.B, field string) float64 {
	b.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		b.Fatal(err)
	}
	for _, line := range strings.Split(string(data), "\n") {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				b.Fatal(err)
			}
			return kb / 1000
		}
	}
	b.Fatalf("no %s", field)
	return 0
}
