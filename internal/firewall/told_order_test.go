package firewall

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/settings"
)

var forwardTuple = flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("10.1.1.4:40000"), Dest: netip.MustParseAddrPort("10.1.2.4:22")}

// A row that follows from nothing in the journal is in its file before anybody who
// follows sees it: while the files cannot be written, nobody does.
func TestRowsAreWrittenBeforeTheyAreShown(t *testing.T) {
	t.Parallel()
	for what, tell := range map[string]func(*Firewall){
		"a state": func(f *Firewall) { f.tellState(logs.State{State: logs.PolicyApplied}) },
		"a drop": func(f *Firewall) {
			f.takeDrops([]flow.Drop{{Source: flow.DropKfreeSKB, Reason: "X", Tuple: forwardTuple}})
		},
		"found losses": func(f *Firewall) {
			f.losses = []logs.Loss{{Place: logs.UnreadLoss}}
			f.tellFoundLosses()
		},
		"an ignored packet": func(f *Firewall) {
			f.tellIgnored([]telling{{event: &flow.Event{Flag: flow.IGNORED, Packet: forwardTuple}, rule: &noRule}})
		},
		"a connection": func(f *Firewall) { f.publishConnections([]flow.Connection{{Tuple: forwardTuple}}) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			f := writingFirewall(t)
			shown := func() int { return len(f.Recent(-1, func(Entry) bool { return true })) }
			fs := f.outputs.Load().lineFiles()[0]
			done := make(chan struct{})
			fs.mu.Lock()
			go func() { defer close(done); tell(f) }()
			time.Sleep(50 * time.Millisecond) // a firewall that shows it first does so now
			if n := shown(); n > 0 {
				t.Errorf("%d rows were shown before they were written", n)
			}
			fs.mu.Unlock()
			<-done
			if n := shown(); n != 1 {
				t.Errorf("%d rows were shown, want 1", n)
			}
			written := uint64(0)
			for _, one := range f.tallies() {
				written += one.written
			}
			if written != 1 {
				t.Errorf("%d rows were written, want 1", written)
			}
		})
	}
}

// writingFirewall is what makes rows and writes them to files, without a kernel.
func writingFirewall(t *testing.T) *Firewall {
	t.Helper()
	source := &logs.Source{Firewall: "fw"}
	f := &Firewall{config: &Config{Name: "fw"}, source: source, stream: newStream(source, &rowsTold{}), ledger: &ledger{}, log: slog.New(slog.DiscardHandler)}
	f.connections = newConnections(f.trackerConfig(), f.stream.rows, f.publishConnections)
	f.opened.files = map[layout]*files{}
	o, err := f.outputsOf(0, settings.NewRouter([]settings.Setting{{Name: "all", Directory: t.TempDir()}}, time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	f.outputs.Store(o)
	t.Cleanup(func() {
		if err := f.closeOutputs(); err != nil {
			t.Error(err)
		}
	})
	return f
}
