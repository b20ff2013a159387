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
	for _, table := range logs.Tables() {
		if !t.wants(table) {
			continue
		}
		records, err := workspace.Rows(ctx, t.asker, table, &t.options.Filter, t.from, time.Time{})
		if err != nil {
			return nil, err
		}
		for _, r := range records {
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
		return table != logs.NetworkRule && table != logs.Connection
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
		columns = []string{"_ResourceId", "SourceIp", "SourcePort", "DestinationIp", "DestinationPort", "Flag", "FirstTime", "Update",
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

// settleTime is how long rows may take from a firewall into the workspace.
const settleTime = 5 * time.Second

// markTime is how long a firewall may take to send what it remembers: as long as
// [control.Find] waits for one that hangs.
const markTime = 5 * time.Second

// follow goes on with the rows of the firewalls that are meant and run.
func (t *storedTrace) follow(ctx context.Context, w io.Writer) error {
	firewalls, err := control.Find(ctx, t.options.Filter.Firewalls)
	if err != nil {
		return err
	}
	return t.goOn(ctx, w, firewalls)
}

// goOn opens the firewalls' own streams first, with all that they remember, and
// then reads what is stored: what is in both is printed once. It reads again
// until what is stored reaches what the firewalls remember.
func (t *storedTrace) goOn(ctx context.Context, w io.Writer, firewalls []firewall.Status) error {
	live := t.options
	live.Last, live.Mark = -1, true
	lines, failed, _ := stream(ctx, firewalls, live)
	pump := newPump(lines, firewalls)
	ended, silent := pump.settle(t.wait)
	if ctx.Err() != nil {
		return nil
	}
	t.warnOf(ended, silent)
	var fresh []string
	if client := clientOf(t.asker); client != nil {
		fresh = freshen(ctx, client)
	}
	if err := t.join(ctx, pump, newTraceOutput(w, firewalls, t.output, 0), fresh); err != nil {
		return err
	}
	return <-failed
}

// warnOf tells of firewalls whose mark did not come.
func (t *storedTrace) warnOf(ended, silent []string) {
	for _, fw := range ended {
		fmt.Fprintf(t.warn, "sekisho: rows may be missing here: %s ended before it had sent what it remembers\n", fw)
	}
	for _, fw := range silent {
		fmt.Fprintf(t.warn, "sekisho: rows may be missing here, or come late: %s has not said within %v that it sent all that it remembers; "+
			"it hangs, has too much to do, or runs an older version: then start it again\n", fw, t.wait)
	}
}

// join prints what is stored and what comes, each row once. Of the firewalls with
// fresh resource ids all is stored that happened before the stream began.
func (t *storedTrace) join(ctx context.Context, pump *pump, out traceOutput, fresh []string) error {
	if err := t.untilMet(ctx, pump, fresh); err != nil {
		return err
	}
	stored, err := t.rows(ctx)
	if err != nil {
		return err
	}
	t.read = time.Now()
	wanted := func(r logs.Record) bool { return !r.Time().Before(t.from) && t.isNew(r) }
	first := slices.DeleteFunc(append(stored, pump.take()...), func(l traceLine) bool { return !wanted(l.record) })
	slices.SortStableFunc(first, func(a, b traceLine) int { return a.record.Time().Compare(b.record.Time()) })
	for _, l := range t.lastOf(first) {
		if err := out.row(l); err != nil {
			return err
		}
	}
	coming := make(chan traceLine)
	go pump.pass(coming, wanted)
	return (&merger{out: out, hold: mergeWindow}).run(coming)
}

// untilMet waits until the workspace has rows of all events that the firewalls
// do not remember any more.
func (t *storedTrace) untilMet(ctx context.Context, p *pump, fresh []string) error {
	deadline := time.Now().Add(settleTime)
	for {
		var lacking []string
		for resource, at := range p.memory() {
			if at.Before(t.from) || slices.ContainsFunc(fresh, func(f string) bool { return strings.EqualFold(f, resource) }) {
				continue // it remembers all that is asked for, or all is there
			}
			ok, err := t.has(ctx, resource, at)
			if err != nil {
				return err
			}
			if !ok {
				lacking = append(lacking, resource[strings.LastIndex(resource, "/")+1:])
			}
		}
		if len(lacking) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			slices.Sort(lacking)
			fmt.Fprintf(t.warn, "sekisho: rows may be missing here: what %s does not remember any more is not, or not all, in the workspace\n", strings.Join(lacking, ", "))
			return nil
		}
		time.Sleep(settleTime / 20)
	}
}

// has reports whether the workspace has a firewall's rows up to a time: one that
// is not older. Where nothing passes a firewall, its start has a row.
func (t *storedTrace) has(ctx context.Context, resource string, at time.Time) (bool, error) {
	for _, table := range []*logs.Table{logs.FlowTrace, logs.CaptureState} {
		records, err := workspace.Records(ctx, t.asker, table, fmt.Sprintf("| where _ResourceId == %s and TimeGenerated >= %s | take 1",
			workspace.Quoted(resource), workspace.Literal(at)))
		if err != nil || len(records) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// namedFirewalls are the firewalls of rows.
func namedFirewalls(lines []traceLine) []firewall.Status {
	var records []logs.Record
	for _, l := range lines {
		records = append(records, l.record)
	}
	return writersOf(records)
}
