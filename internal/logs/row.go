package logs

import (
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// Row is one row of a table. Its values are worked out when they are asked
// for, from the event and source it was made of: these must not change while
// the row is in use.
type Row struct {
	table  *Table
	record any
}

// Rows makes the rows of one event: in [FlowTrace] if it has a flag, in
// [NetworkRule] if the policy decided about this very packet. The rule is the
// one behind the event's decision; where nothing was decided, only its Revision
// is told.
func Rows(ev *flow.Event, src *Source, rule Rule) []Row {
	return rowsOf(&packet{ev: ev, src: src, rule: rule})
}

func rowsOf(p *packet) []Row { return appendRows(make([]Row, 0, 2), p) }

// Maker makes the rows of events one after the other in the same memory: those of
// one event are the callee's only until those of the next are made.
type Maker struct {
	packet packet
	rows   [2]Row
}

// Rows makes the rows of an event that stands for several, or for itself, as
// [FoldedRows] does.
func (m *Maker) Rows(last *flow.Event, src *Source, rule Rule, fold Fold) []Row {
	m.packet = packet{last, src, rule, fold}
	return appendRows(m.rows[:0], &m.packet)
}

func appendRows(rows []Row, p *packet) []Row {
	if p.ev.Flag != flow.FlagNone {
		rows = append(rows, Row{FlowTrace, p})
	}
	if IsDecision(p.ev) {
		rows = append(rows, Row{NetworkRule, p})
	}
	return rows
}

// Table returns the table that the row belongs to.
func (r Row) Table() *Table { return r.table }

// Value returns the value of the column at place i of the table, as the Go
// type of the column's [Type]; nil where absent.
func (r Row) Value(i int) any {
	c := r.cell(i)
	if c.kind == isAddress {
		return r.address(i).String()
	}
	return c.value(r.table.Columns[i].Type)
}

// Get returns the value of the named column; nil where absent, or where the
// table has no such column.
func (r Row) Get(column string) any {
	if i := r.table.Index(column); i >= 0 {
		return r.Value(i)
	}
	return nil
}

// Time returns the value of TimeGenerated.
func (r Row) Time() time.Time { return r.cell(0).time() }

func (r Row) cell(i int) cell {
	if read, ok := r.record.(*Record); ok {
		return r.table.cellOf(i, read.values[i])
	}
	return r.table.cell(r.record, i)
}

// address is the value of a column whose cell is one.
func (r Row) address(i int) netip.Addr { return r.table.address(r.record, i) }
