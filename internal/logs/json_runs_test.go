package logs

import (
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sekisho/sekisho/internal/flow"
)

// appendPlainJSON is AppendJSON column by column: a row that was read back has no
// other way, and this takes any row that way.
func appendPlainJSON(dst []byte, r Row, azureOnly bool) []byte {
	return appendRow(dst, r, azureOnly, true)
}

// fewSources are a few sources and rules, of which some change between the rows:
// what was kept of them before is not what is to be written then.
type fewSources struct {
	sources []*Source
	rules   []*Rule
}

func fewOf(t *rapid.T) *fewSources {
	word := rapid.SampledFrom([]string{"a", "", `"`})
	few := &fewSources{}
	for range 2 {
		w := func() string { return word.Draw(t, "word") }
		few.sources = append(few.sources, &Source{w(), w(), w(), w(), rapid.Bool().Draw(t, "observed")})
		few.rules = append(few.rules, &Rule{w(), w(), w(), w(), w()})
	}
	return few
}

// rows draws an event's rows, and one of each other table that a firewall fills.
func (few *fewSources) rows(t *rapid.T) []Row {
	src, rule := rapid.SampledFrom(few.sources).Draw(t, "source"), rapid.SampledFrom(few.rules).Draw(t, "rule")
	other := fewOf(t)
	switch rapid.IntRange(0, 7).Draw(t, "change") {
	case 0:
		*src = *other.sources[0]
	case 1:
		*rule = *other.rules[0]
	}
	fold := Fold{Count: rapid.SampledFrom([]uint64{0, 0, 1, 7}).Draw(t, "count"), From: time.Unix(9, 0), By: BySource}
	ev := anyEvent().Draw(t, "event")
	if rapid.Bool().Draw(t, "usual") {
		ev.Packet.Protocol, ev.Rule = flow.TCP, rapid.SampledFrom([]uint32{1, 2, keptRules + 1}).Draw(t, "number")
		ev.Flag = rapid.SampledFrom([]flow.Flag{flow.SYN, flow.INVALID, flow.RST, flow.DENIED, flow.ICMPERROR}).Draw(t, "usual flag")
	}
	c := anyConnection().Draw(t, "connection")
	at := time.Unix(8, 0)
	return append(FoldedRows(ev, src, rule, fold), ConnectionRow(&c, src),
		LossRow(Loss{From: at, To: at, Reason: ev.ReasonText}, src), StateRow(State{Time: at, State: PolicyApplied}, src),
		KernelDropRow(&flow.Drop{Time: at, Tuple: ev.Packet, Reason: ev.ReasonText}, src), TopologyRow(Revision{Time: at, Text: ev.ReasonText}, src))
}

func TestKeptTextIsWhatEachColumnGives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		few := fewOf(t)
		for range rapid.IntRange(1, 12).Draw(t, "events") {
			for _, r := range few.rows(t) {
				for _, azureOnly := range []bool{false, true} {
					want, got := string(appendPlainJSON(nil, r, azureOnly)), string(AppendJSON([]byte("before"), r, azureOnly))
					if got != "before"+want {
						t.Fatalf("%s, Azure's only: %v:\nplain %s\nkept  %s", r.table.Name, azureOnly, want, got)
					}
				}
			}
		}
	})
}

func TestKeptTextFromSeveralGoroutines(t *testing.T) {
	t.Parallel()
	rows := append(exampleRows(false), exampleConnectionRows()...)
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := range 20 * len(rows) {
				r := rows[(i*(n+1)+n)%len(rows)]
				if want, got := appendPlainJSON(nil, r, false), AppendJSON(nil, r, false); !slices.Equal(want, got) {
					t.Errorf("plain %s\nkept  %s", want, got)
				}
			}
		})
	}
	all.Wait()
}
