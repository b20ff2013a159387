package firewall

import (
	"bytes"
	"os"
	"testing"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// floodBooks is what the files of a firewall say, counts taken into account.
type floodBooks struct {
	steps     map[string]uint64 // packets by flag, of the flow trace
	decisions map[string]uint64 // packets by action, of the network rules
	asked     map[string]uint64 // of the flow trace: those that were decided, by verdict
	losses    map[string]uint64 // by place
	lost      map[string]uint64 // of the rings, by kind
	untold    map[string]uint64 // of counts, by kind
	states    map[string]int
	rows      int                      // of the flow trace
	folded    map[string]int           // of them, by what their packets have in common
	alone     map[int64]map[string]int // by the client's port: flags of rows for one packet
}

func readFloodBooks(t *testing.T, folder string) *floodBooks {
	t.Helper()
	b := &floodBooks{steps: map[string]uint64{}, decisions: map[string]uint64{}, asked: map[string]uint64{},
		losses: map[string]uint64{}, lost: map[string]uint64{}, untold: map[string]uint64{}, states: map[string]int{}, folded: map[string]int{}, alone: map[int64]map[string]int{}}
	for table, take := range map[*logs.Table]func(logs.Record){
		logs.FlowTrace: b.step, logs.NetworkRule: b.decision, logs.CaptureLoss: b.loss,
		logs.CaptureState: func(r logs.Record) { b.states[r.Get("State").(string)]++ },
	} {
		text, err := os.ReadFile(fileName(folder, table.Name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			r, err := logs.ParseJSON(line)
			if err != nil {
				t.Fatal(err)
			}
			take(r)
		}
	}
	return b
}

func countOf(r logs.Record) uint64 {
	if n, ok := r.Get("Count").(int64); ok {
		return uint64(n)
	}
	return 1
}

func (b *floodBooks) step(r logs.Record) {
	b.rows++
	flag, n := r.Get("Flag").(string), countOf(r)
	if flag == flow.IGNORED.String() {
		return // the program does not count it
	}
	b.steps[flag] += n
	if flag == flow.SYN.String() || flag == flow.DENIED.String() {
		b.asked[r.Get("Verdict").(string)] += n
	}
	if n > 1 {
		b.folded[r.Get("FoldedBy").(string)]++
		return
	}
	for _, end := range []string{"SourcePort", "DestinationPort"} {
		port := int64(r.Get(end).(int32))
		if b.alone[port] == nil {
			b.alone[port] = map[string]int{}
		}
		b.alone[port][flag]++
	}
}

func (b *floodBooks) decision(r logs.Record) { b.decisions[r.Get("Action").(string)] += countOf(r) }

func (b *floodBooks) loss(r logs.Record) {
	place := r.Get("Place").(string)
	b.losses[place] += countOf(r)
	kind, _ := r.Get("Kind").(string)
	switch logs.LossPlace(place) {
	case logs.RingLoss:
		b.lost[kind] += countOf(r)
	case logs.FoldLoss:
		b.untold[kind] += countOf(r)
	}
}

// check compares with the program's own counters.
func (b *floodBooks) check(t *testing.T, s capture.Stats) {
	t.Helper()
	for flag, recorded := range s.Recorded {
		if flag == flow.FlagNone {
			continue // not in the flow trace
		}
		if got, untold := b.steps[flag.String()], b.untold[flag.String()]; got+untold != recorded {
			t.Errorf("%v: rows stand for %d packets, %d are told to be lost from counts, %d were recorded", flag, got, untold, recorded)
		}
		if got := b.lost[flag.String()]; got != s.Lost[flag] {
			t.Errorf("%v: %d are told to be lost, %d were", flag, got, s.Lost[flag])
		}
	}
	for action, n := range b.decisions {
		if want := b.asked[action]; n != want {
			t.Errorf("%s: network rules stand for %d packets, the flow trace for %d", action, n, want)
		}
	}
	t.Logf("%d rows, %v; %v; decisions %v; losses %v; states %v", b.rows, b.folded, b.steps, b.decisions, b.losses, b.states)
}

// checkWhole looks for each step of ordinary connections, in a row of its own.
func (b *floodBooks) checkWhole(t *testing.T, ports map[int]bool) {
	t.Helper()
	missing := 0
	for port := range ports {
		has := b.alone[int64(port)]
		for _, flag := range []flow.Flag{flow.SYN, flow.SYNACK, flow.ACK, flow.FIN, flow.FINACK} {
			if has[flag.String()] == 0 {
				missing++
				t.Logf("port %d has no row of its own for %v: %v", port, flag, has)
			}
		}
	}
	if missing > 0 {
		t.Errorf("%d steps of %d ordinary connections have no row of their own", missing, len(ports))
	}
}
