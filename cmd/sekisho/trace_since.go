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
	options control.TraceOptions
	from    time.Time
	output  string
	seen    map[string]bool // the names of the rows that are printed
}

// traceSince is trace with --since.
func traceSince(ctx context.Context, w io.Writer, stored *storedFlags, options control.TraceOptions, from time.Time, output string) error {
	asker, done, err := stored.open(ctx, duck.DefaultConfig().Timeout)
	if err != nil {
		return err
	}
	defer done()
	t := &storedTrace{asker, options, from, output, map[string]bool{}}
	if options.Follow {
		return t.follow(ctx, w)
	}
	lines, err := t.rows(ctx)
	if err != nil {
		return err
	}
	return t.print(newTraceOutput(w, namedFirewalls(lines), output, 0), lines)
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

// isNew reports whether the row was not seen before, and sees it.
func (t *storedTrace) isNew(r logs.Record) bool {
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

// follow opens the firewalls' own streams first, with all that they remember,
// and then reads what is stored: what is in both is printed once. It reads again
// until what is stored reaches what the firewalls remember.
func (t *storedTrace) follow(ctx context.Context, w io.Writer) error {
	firewalls, err := control.Find(ctx, t.options.Filter.Firewalls)
	if err != nil {
		return err
	}
	live := t.options
	live.Last = -1
	lines, failed, ready := stream(ctx, firewalls, live)
	pump := newPump(lines)
	ready()
	if err := t.join(ctx, pump, newTraceOutput(w, firewalls, t.output, 0)); err != nil {
		return err
	}
	return <-failed
}

// join prints what is stored and what comes, each row once.
func (t *storedTrace) join(ctx context.Context, pump *pump, out traceOutput) error {
	if err := t.untilMet(ctx, pump); err != nil {
		return err
	}
	stored, err := t.rows(ctx)
	if err != nil {
		return err
	}
	remembered := slices.DeleteFunc(pump.take(), func(l traceLine) bool { return l.record.Time().Before(t.from) })
	first := append(stored, remembered...)
	slices.SortStableFunc(first, func(a, b traceLine) int { return a.record.Time().Compare(b.record.Time()) })
	if err := t.print(endless{out}, first); err != nil {
		return err
	}
	fresh := make(chan traceLine)
	go pump.pass(fresh, t.isNew)
	return (&merger{out: out, hold: mergeWindow}).run(fresh)
}

// endless is an output that goes on.
type endless struct{ traceOutput }

func (endless) end() error { return nil }

// untilMet waits until the workspace has rows of all events that the firewalls
// do not remember any more.
func (t *storedTrace) untilMet(ctx context.Context, p *pump) error {
	deadline := time.Now().Add(settleTime)
	for {
		oldest := p.oldest()
		met := true
		for resource, at := range oldest {
			if at.Before(t.from) {
				continue // it remembers all that is asked for
			}
			ok, err := t.has(ctx, resource, at)
			if err != nil {
				return err
			}
			met = met && ok
		}
		if met {
			return nil
		}
		if time.Now().After(deadline) {
			fmt.Fprintln(os.Stderr, "sekisho: rows may be missing here: the workspace does not have all that the firewalls do not remember any more")
			return nil
		}
		time.Sleep(settleTime / 20)
	}
}

// has reports whether the workspace has a firewall's rows up to a time: one that
// is not older.
func (t *storedTrace) has(ctx context.Context, resource string, at time.Time) (bool, error) {
	records, err := workspace.Records(ctx, t.asker, logs.FlowTrace, fmt.Sprintf("| where _ResourceId == %s and TimeGenerated >= %s | take 1",
		workspace.Quoted(resource), workspace.Literal(at)))
	return len(records) > 0, err
}

// namedFirewalls are the firewalls of rows.
func namedFirewalls(lines []traceLine) []firewall.Status {
	var records []logs.Record
	for _, l := range lines {
		records = append(records, l.record)
	}
	return writersOf(records)
}
