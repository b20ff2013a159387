package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/workspace"
)

// storedTrace prints rows that a workspace keeps, from a time on, and with
// follow goes on with what the firewalls record, without a gap and without a row
// twice.
type storedTrace struct {
	asker   workspace.Asker
	options control.TraceOptions // Last is how many of the newest rows, all firewalls together
	from    time.Time
	output  string
	seen    map[string]bool // the names of the rows that are printed
	read    time.Time       // no row of a later time was stored when stored rows were read
	warn    io.Writer       // for where rows may be missing
	wait    time.Duration   // for the firewalls' marks
}

// traceSince is trace with --since, or over stored rows.
func traceSince(ctx context.Context, w io.Writer, stored *storedFlags, options control.TraceOptions, from time.Time, output string) error {
	asker, done, err := stored.open(ctx, duck.DefaultConfig().Timeout)
	if err != nil {
		return err
	}
	defer done()
	t := &storedTrace{asker: asker, options: options, from: from, output: output, seen: map[string]bool{}, warn: os.Stderr, wait: markTime}
	if options.Follow {
		return t.follow(ctx, w)
	}
	lines, err := t.newest(ctx, time.Now())
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		if err := knowsFirewalls(ctx, asker, options.Filter.Firewalls); err != nil {
			return err
		}
	}
	return t.print(newTraceOutput(w, namedFirewalls(lines), output, 0), lines)
}

// lookBack is how far newest looks for rows, as long as they are too few; 0 is all.
var lookBack = []time.Duration{10 * time.Minute, 6 * time.Hour, 7 * 24 * time.Hour, 0}

// newest reads the rows since the time that was asked for; without one it looks
// back no farther than it must for as many as are asked for.
func (t *storedTrace) newest(ctx context.Context, now time.Time) (lines []traceLine, err error) {
	if !t.from.IsZero() || t.options.Last < 0 {
		lines, err = t.rows(ctx)
		return t.lastOf(lines), err
	}
	for _, back := range lookBack {
		t.from = now.Add(-back)
		if back == 0 {
			t.from = time.Time{}
		}
		if lines, err = t.rows(ctx); err != nil || len(lines) >= t.options.Last {
			break
		}
	}
	return t.lastOf(lines), err
}

// lastOf are the newest of rows that are in the order of time.
func (t *storedTrace) lastOf(lines []traceLine) []traceLine {
	if t.options.Last < 0 || len(lines) <= t.options.Last {
		return lines
	}
	return lines[len(lines)-t.options.Last:]
}

// rows reads what is stored, in the order of time.
func (t *storedTrace) rows(ctx context.Context) ([]traceLine, error) {
	var lines []traceLine
	told := t.newTold()
	for _, table := range logs.Tables() {
		if !t.wants(table) {
			continue
		}
		records, err := workspace.Rows(ctx, t.asker, table, &t.options.Filter, t.from, time.Time{}, t.unrepeated(table)...)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if told.repeats(r) {
				continue
			}
			if line := storedLine(r); !t.options.AzureOnly || (logs.Subset{AzureOnly: true}).Keeps(r.Row()) {
				lines = append(lines, line)
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b traceLine) int { return a.record.Time().Compare(b.record.Time()) })
	return lines, nil
}

// wants is which tables a trace shows; see [control.TraceOptions].
func (t *storedTrace) wants(table *logs.Table) bool {
	switch t.options.Table {
	case "all":
		return true
	case "":
		return table != logs.Connection
	}
	return table.Name == t.options.Table
}

// print prints rows that are not printed yet.
func (t *storedTrace) print(out traceOutput, lines []traceLine) error {
	for _, l := range lines {
		if t.isNew(l.record) {
			if err := out.row(l); err != nil {
				return err
			}
		}
	}
	return out.end()
}

// isNew reports whether the row was not seen before, and sees it. Rows that are
// newer than what is stored come once by themselves, and need no memory.
func (t *storedTrace) isNew(r logs.Record) bool {
	if !t.read.IsZero() && r.Time().After(t.read) {
		return true
	}
	name := rowName(r)
	if t.seen[name] {
		return false
	}
	t.seen[name] = true
	return true
}

// rowName tells rows apart: an event's by its number, any other by what it says.
// Only what both a segment and a firewall's own memory have counts: segments do
// not keep all of every row.
func rowName(r logs.Record) string {
	columns := []string{"_ResourceId", "EventBoot", "EventCpu", "EventNumber"}
	if r.Get("EventNumber") == nil {
		columns = []string{"_ResourceId", "Protocol", "SourceIp", "SourcePort", "DestinationIp", "DestinationPort", "Flag", "FirstTime", "Update",
			"Source", "Reason", "Place", "Kind", "Count", "State", "Detail"}
	}
	var name strings.Builder
	fmt.Fprintf(&name, "%s %d", r.Table().Name, r.Time().UnixMicro())
	for _, c := range columns {
		v := r.Get(c)
		if v == nil {
			v = "" // stored rows do not tell an absent text from an empty one
		}
		fmt.Fprintf(&name, "|%v", v)
	}
	return name.String()
}

// namedFirewalls are the firewalls of rows.
func namedFirewalls(lines []traceLine) []firewall.Status {
	var records []logs.Record
	for _, l := range lines {
		records = append(records, l.record)
	}
	return writersOf(records)
}
