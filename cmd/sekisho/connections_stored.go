package main

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/workspace"
)

// showStoredConnections prints the connections of a span of time from the rows
// that a workspace keeps, of each connection the last one.
func showStoredConnections(ctx context.Context, w io.Writer, stored *storedFlags, o control.ConnectionOptions, from, to time.Time, output string) error {
	asker, done, err := stored.open(ctx, duck.DefaultConfig().Timeout)
	if err != nil {
		return err
	}
	defer done()
	records, err := workspace.Rows(ctx, asker, logs.Connection, &o.Filter, from, to)
	if err != nil {
		return err
	}
	kept := newestStored(records, &o)
	if len(kept) == 0 {
		if err := knowsFirewalls(ctx, asker, o.Filter.Firewalls); err != nil {
			return err
		}
	}
	if o.Last >= 0 && len(kept) > o.Last {
		kept = kept[len(kept)-o.Last:]
	}
	lines := make(chan traceLine, len(kept))
	for _, r := range kept {
		lines <- storedLine(r)
	}
	close(lines)
	return printSorted(newConnectionsOutput(w, writersOf(kept), output), lines)
}

// newestStored keeps of each connection the row with the highest update, where
// the options want it.
func newestStored(records []logs.Record, o *control.ConnectionOptions) []logs.Record {
	type name struct {
		firewall string
		tuple    flow.Tuple
		first    time.Time
	}
	places, updates := map[name]int{}, map[name]int{}
	var out []logs.Record
	for _, r := range records {
		c, err := logs.ParseConnection(r)
		if err != nil {
			continue // a newer program's
		}
		n := name{c.Firewall, c.Tuple, c.First}
		place, known := places[n]
		switch {
		case !known:
			places[n], updates[n] = len(out), c.Update
			out = append(out, r)
		case c.Update > updates[n]:
			updates[n], out[place] = c.Update, r
		}
	}
	return slices.DeleteFunc(out, func(r logs.Record) bool {
		c, err := logs.ParseConnection(r)
		return err != nil || !o.Keeps(&c)
	})
}

// storedLine is a stored row as a firewall would send it.
func storedLine(r logs.Record) traceLine {
	name, _ := r.Get("Firewall").(string)
	return traceLine{firewall: name, record: r, raw: logs.AppendJSON(nil, r.Row(), false)}
}

// writersOf are the firewalls of rows, as far as output needs to know them.
func writersOf(records []logs.Record) []firewall.Status {
	seen := map[string]bool{}
	var out []firewall.Status
	for _, r := range records {
		if name, _ := r.Get("Firewall").(string); name != "" && !seen[name] {
			seen[name] = true
			out = append(out, firewall.Status{ID: name, Name: name})
		}
	}
	return out
}
