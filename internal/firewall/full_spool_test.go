package firewall

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/segment"
	"github.com/sekisho/sekisho/internal/testnet"
)

// The disk under the spool is full for a while. Packets are decided and recorded all
// the same; what no segment can have is told in segments once there is room, by the
// row, and rows come into segments again by themselves. The log files, whose disk has
// room, say which rows there were.
func TestAFullDiskUnderTheSpool(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	hosts := testnet.NewHosts(t)
	no := false
	p := newProgram(t, Config{Name: "full", Capture: CaptureConfig{KernelDrops: &no},
		Logs: LogsConfig{Workspace: true, FoldRate: math.MaxInt32, Spool: SpoolConfig{Every: "30ms"}}}, allowAll)
	p.held = 2000
	folder := p.config.Logs.Spool.Folder
	mountHere(t, folder, 32<<20)
	p.start(t).end(t) // its rules come first: what passes before is nobody's
	load := newLoad(t, hosts, 10*time.Millisecond)
	l := p.start(t)
	l.awaitReady(t)
	time.Sleep(300 * time.Millisecond)
	filler := filepath.Join(folder, "filler")
	fillUp(t, filler)
	enforced := enforcedMeanwhile(hosts)
	for deadline := time.Now().Add(4 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		fillUp(t, filler) // also what a try to write a segment has left
	}
	full := len(newestSegments(t, folder, time.Time{}))
	enforced(t)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	room := time.Now()
	if full == 0 {
		t.Error("there was no segment before the disk was full")
	}
	time.Sleep(3 * time.Second) // it is tried again once a second
	if again := newestSegments(t, folder, room); len(again) == 0 {
		t.Error("no segment has rows of after there was room")
	}
	load.end()
	time.Sleep(1500 * time.Millisecond) // losses are told once a second
	l.end(t)
	checkSpoolBooks(t, p)
}

// newestSegments are those of the trace that have rows of after a moment.
func newestSegments(t *testing.T, folder string, after time.Time) (files []string) {
	t.Helper()
	all, _ := filepath.Glob(filepath.Join(folder, "*"+segment.Ext)) // only a bad pattern is an error
	for _, file := range all {
		if n, err := segment.ParseName(filepath.Base(file)); err != nil || n.Table != logs.FlowTrace.Name {
			continue
		}
		info, err := segment.ReadInfo(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.To.After(after) {
			files = append(files, file)
		}
	}
	return files
}

// checkSpoolBooks compares the rows in segments, and those that are told there to
// be lost on their way, with the rows in the log files; and these with the events
// that the program in the kernel has counted.
func checkSpoolBooks(t *testing.T, p *program) {
	t.Helper()
	segments := &carrier{to: p.config.Logs.Spool.Folder}
	var missing, told uint64
	for _, table := range logs.AllTables() {
		name := fileName(filepath.Join(p.folder, "logs"), table.Name)
		if _, err := os.Stat(name); err != nil {
			continue
		}
		written, spooled := len(readRows(t, p, table)), len(segments.rows(t, table))
		t.Logf("%s: %d rows in the file, %d in segments", table.Name, written, spooled)
		if spooled > written {
			t.Errorf("%s: segments have %d rows of %d", table.Name, spooled, written)
		}
		missing += uint64(written - spooled)
	}
	for _, r := range segments.rows(t, logs.CaptureLoss) {
		if place := r["Place"].String(); place != string(logs.SegmentLoss) {
			t.Errorf("%d rows are told to be lost, place %s", r["Count"].Uint64(), place)
			continue
		}
		told += r["Count"].Uint64()
	}
	if told != missing || told == 0 {
		t.Errorf("segments lack %d rows and tell of %d", missing, told)
	}
	stats, late := p.late(t)
	recorded, traces := capture.Total(stats.Recorded)-capture.Total(late), uint64(0)
	for _, r := range readRows(t, p, logs.FlowTrace) {
		if r.Get("Flag") != flow.IGNORED.String() { // of them there are no events
			traces++
		}
	}
	if traces != recorded || capture.Total(stats.Lost) != 0 {
		t.Errorf("%d rows of the trace, of %d events; %d are lost in rings", traces, recorded, capture.Total(stats.Lost))
	}
	t.Logf("%d events recorded; %d rows told to be in no segment", recorded, told)
}
