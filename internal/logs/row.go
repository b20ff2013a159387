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
	return rowsOf(packet{ev: ev, src: src, rule: &rule})
}

// rowsOf makes rows in one piece of memory.
func rowsOf(p packet) []Row {
	made := &made{packet: p}
	return made.fill()
}

// made are the rows of one event.
type made struct {
	packet packet
	rows   [2]Row
}

func (made *made) fill() []Row {
	p, rows := &made.packet, made.rows[:0]
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
