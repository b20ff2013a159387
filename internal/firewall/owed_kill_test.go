package firewall

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/settings"
	"github.com/sekisho/sekisho/internal/testnet"
)

// The disk under the log files is full while the firewall is killed with kill -9
// again and again. When there is room, the files say how many rows they lack: those
// that a killed process knew of too, also where a workspace was told of them before.
func TestKilledWhileTheDiskOfItsLogsIsFull(t *testing.T) {
	testnet.NeedRoot(t)
	const kills = 6
	t.Logf("-seed %d", *seed)
	for _, workspace := range []bool{false, true} {
		t.Run(fmt.Sprintf("workspace %v", workspace), func(t *testing.T) {
			if !testnet.Apart(t) {
				return
			}
			hosts := testnet.NewHosts(t)
			no := false
			p := newProgram(t, Config{Name: "full", Capture: CaptureConfig{KernelDrops: &no}, Logs: LogsConfig{FoldRate: math.MaxInt32, Spool: SpoolConfig{Every: "30ms"}}}, allowAll)
			directory := p.config.Logs.Directory
			trace := settings.Setting{Name: "trace", Directory: directory, Categories: []string{logs.FlowTrace.Category}, Workspace: workspace}
			if err := writeSettings(p.config.SettingsFile, keptSettings{Revision: 1, Settings: []settings.Setting{trace}}); err != nil {
				t.Fatal(err)
			}
			mountHere(t, directory, 8<<20) // more than the rows take after there is room again
			segments := newCarrier(t, p)
			p.start(t).end(t)
			random := rand.New(rand.NewPCG(*seed, kills))
			load := newLoad(t, hosts, 10*time.Millisecond)
			filler := filepath.Join(directory, "filler")
			for range kills {
				l := p.start(t)
				l.awaitReady(t)
				fillUp(t, filler)
				enforcedMeanwhile(hosts)(t)
				time.Sleep(time.Duration(200+random.IntN(2000)) * time.Millisecond)
				l.kill(t)
				fillUp(t, filler)
			}
			l := p.start(t)
			l.awaitReady(t)
			time.Sleep(300 * time.Millisecond)
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			time.Sleep(1500 * time.Millisecond)
			load.end()
			time.Sleep(1200 * time.Millisecond)
			l.end(t)
			segments.end(t)
			checkFullBooks(t, p, segments, 3*(kills+2))
		})
	}
}

// mountHere gives the thread of the test, and the processes that it starts, a small
// disk that nobody else sees. The thread is the program's.
func mountHere(t *testing.T, folder string, bytes int) {
	t.Helper()
	for _, do := range []func() error{
		func() error { return os.MkdirAll(folder, 0o700) },
		func() error { return unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS) },
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		func() error { return unix.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
}

// checkFullBooks compares the rows that are in the files, and those that are told to
// lack there, with the events; some rows are about none.
func checkFullBooks(t *testing.T, p *program, segments *carrier, others uint64) {
	t.Helper()
	stats, late := p.late(t)
	recorded := capture.Total(stats.Recorded) - capture.Total(late)
	written := uint64(len(readRows(t, p, logs.FlowTrace)))
	told, elsewhere := map[any]uint64{}, map[any]uint64{}
	seen := map[string]bool{}
	for _, r := range readRows(t, p, logs.CaptureLoss) {
		count, _ := r.Get("Count").(int64)
		told[r.Get("Place")] += uint64(count)
		key := fmt.Sprint(r.Get("Place"), r.Get("Kind"), r.Get("To"))
		if seen[key] {
			t.Errorf("it is told twice: %s", key)
		}
		seen[key] = true
	}
	for _, r := range segments.rows(t, logs.CaptureLoss) {
		elsewhere[r["Place"].String()] += r["Count"].Uint64()
	}
	t.Logf("%d events recorded, %d rows; losses told in the file: %v, in segments: %v", recorded, written, told, elsewhere)
	lacking := told[string(logs.FileLoss)]
	if written+lacking < recorded || written+lacking > recorded+others {
		t.Errorf("of %d events, %d rows are in the file and %d told to lack there", recorded, written, lacking)
	}
	if lacking < recorded/4 {
		t.Errorf("only %d rows lack: the disk was not full", lacking)
	}
	for place, n := range elsewhere {
		if told[place] != n {
			t.Errorf("place %s: the file says %d, segments %d", place, told[place], n)
		}
	}
	if more := told[string(logs.RingLoss)]; more != capture.Total(stats.Lost) {
		t.Errorf("%d events are told to be lost in rings, of %d", more, capture.Total(stats.Lost))
	}
}
