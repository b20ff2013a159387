package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/workspace"
)

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
	for _, table := range []*logs.Table{logs.FlowTrace, logs.NetworkRule, logs.CaptureState} {
		records, err := workspace.Records(ctx, t.asker, table, fmt.Sprintf("| where _ResourceId == %s and TimeGenerated >= %s | take 1",
			workspace.Quoted(resource), workspace.Literal(at)))
		if err != nil || len(records) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}
