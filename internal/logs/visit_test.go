package logs

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// boxes is a Visitor that boxes what it is given.
type boxes struct {
	table  *Table
	values map[string]any
}

func (b boxes) put(i int, v any) { b.values[b.table.Columns[i].Name] = v }

func (b boxes) Text(i int, s string)             { b.put(i, s) }
func (b boxes) ResourceID(i int, id string)      { b.put(i, LowerID(id)) }
func (b boxes) Address(i int, a netip.Addr)      { b.put(i, a.String()) }
func (b boxes) Moment(i int, microseconds int64) { b.put(i, time.UnixMicro(microseconds).UTC()) }
func (b boxes) Number(i int, n int64) {
	if b.table.Columns[i].Type == Int {
		b.put(i, int32(n))
	} else {
		b.put(i, n)
	}
}

// A visitor gets what Value gives, but for what is not kept.
func TestVisitGivesTheValues(t *testing.T) {
	t.Parallel()
	plain := map[string]bool{"SYN": true, "SYN-ACK": true, "ACK": true, "FIN": true, "FIN-ACK": true}
	random := []string{"SequenceNumber", "AcknowledgementNumber", "IpId"}
	rows := append(exampleRows(false), exampleConnectionRows()...)
	for _, x := range examples() {
		rows = append(rows, Rows(&x.ev, hub, x.rule)...)
	}
	for _, r := range rows {
		got := boxes{r.Table(), map[string]any{}}
		r.Visit(got)
		want := map[string]any{}
		for i, c := range r.Table().Columns {
			if v := r.Value(i); v != nil {
				want[c.Name] = v
			}
		}
		flag := ""
		if p, ok := r.record.(*packet); ok {
			flag = p.ev.Flag.String()
		}
		if plain[flag] {
			for _, name := range random {
				delete(want, name)
			}
		}
		if diff := cmp.Diff(want, got.values); diff != "" {
			t.Errorf("%s %s (-values +visited):\n%s", r.Table().Name, flag, diff)
		}
	}
}

// Not parallel: allocations are counted for the whole process.
func TestVisitAllocatesNothing(t *testing.T) {
	row := Rows(&examples()[0].ev, hub, examples()[0].rule)[0]
	var to Visitor = nothing{}
	if got := testing.AllocsPerRun(100, func() { row.Visit(to) }); got != 0 {
		t.Errorf("%v allocations a row", got)
	}
}

type nothing struct{}

func (nothing) Text(int, string)        {}
func (nothing) ResourceID(int, string)  {}
func (nothing) Address(int, netip.Addr) {}
func (nothing) Moment(int, int64)       {}
func (nothing) Number(int, int64)       {}
