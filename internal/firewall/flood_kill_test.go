package firewall

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// late reads what came after the last process had ended, and the counters with
// it.
func (p *program) late(t *testing.T) (capture.Stats, map[flow.Flag]uint64) {
	t.Helper()
	marks, err := p.config.marks()
	if err != nil {
		t.Fatal(err)
	}
	config := (&Firewall{config: &p.config, stream: newStream(&logs.Source{}, &rowsTold{}), outliving: &outliving{}}).lastingConfig(marks, false)
	config.Journal, config.Mark, config.Due = nil, nil, nil
	r, err := capture.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ended, end := context.WithCancel(t.Context())
	end()
	late := map[flow.Flag]uint64{}
	stats, err := r.Stats()
	if err == nil {
		err = r.Run(ended, func(events []flow.Event) {
			for _, e := range events {
				late[e.Flag]++
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("after the end: %v", late)
	return stats, late
}

// A firewall is killed with kill -9 at random moments in a flood. What it had
// counted and not told is told by the process that comes after it: in the end
// rows stand for each packet once.
func TestKilledInAFlood(t *testing.T) {
	testnet.NeedRoot(t)
	kills := *kills / 4
	t.Logf("-kills %d -seed %d", 4*kills, *seed)
	for _, tt := range []struct {
		name    string
		journal int64
		kills   int
	}{
		{"a journal that holds a flood", 0, kills},
		{"a journal that is too small", leastJournal, kills / 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !testnet.Apart(t) {
				return
			}
			hosts := testnet.NewHosts(t)
			flood := newFlooder(t, hosts)
			load := newLoad(t, hosts, 10*time.Millisecond)
			p := newProgram(t, Config{Name: "fold", Logs: LogsConfig{FoldRate: 20}, Capture: CaptureConfig{JournalBytes: tt.journal}}, floodPolicy)
			p.start(t).end(t)
			ctx, stop := context.WithCancel(t.Context())
			var all sync.WaitGroup
			for kind := range flood.sent {
				all.Go(func() { flood.run(ctx, t, kind, 400) })
			}
			random := rand.New(rand.NewPCG(*seed, uint64(tt.kills)))
			for range tt.kills {
				l := p.start(t)
				if random.IntN(4) > 0 { // else while it starts
					l.awaitReady(t)
				}
				time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
				l.kill(t)
			}
			l := p.start(t)
			l.awaitReady(t)
			stop()
			all.Wait()
			load.end()
			time.Sleep(time.Second) // losses are told once a second
			l.end(t)
			books := readFloodBooks(t, filepath.Join(p.folder, "logs"))
			stats, late := p.late(t)
			for flag, n := range late {
				books.steps[flag.String()] += n
			}
			books.check(t, stats)
			if told := books.losses[string(logs.FoldLoss)]; tt.journal == 0 && told > 0 {
				t.Errorf("%d packets are told to be lost from counts", told)
			}
		})
	}
}
