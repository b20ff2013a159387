package firewall

import (
	"sync"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/tracker"
)

// connections are those of this firewall: its tracker, for the goroutines that
// have something to tell it, and the rows that it told last.
type connections struct {
	// publish takes rows over, and returns memory for other ones.
	publish func(rows []flow.Connection) (spare []flow.Connection)
	told    *rowsTold

	mu      sync.Mutex
	tracker *tracker.Tracker
	rule    *logs.Rule // of the event that is being added
	late    []late
	ends    []*flow.ConntrackEnd // memory for those that are told together
	fresh   []flow.Connection    // told and not published yet
	spare   []flow.Connection    // memory for as many
}

func newConnections(config tracker.Config, told *rowsTold, publish func([]flow.Connection) []flow.Connection) *connections {
	c := &connections{publish: publish, told: told}
	config.Describe = c.describe
	config.Tell = func(row *flow.Connection) { c.fresh = append(c.fresh, *row) }
	c.tracker = tracker.New(config)
	return c
}

// trackerConfig is the tracker's for this firewall.
func (f *Firewall) trackerConfig() tracker.Config {
	return tracker.Config{Firewall: f.config.Name, Timeouts: (&timeouts{}).read,
		Limit: f.config.Connections.Limit, Stall: f.config.Connections.stall(), Accounting: f.config.Capture.Accounting}
}

// describe names the decision about the event that is being added.
func (c *connections) describe(e *flow.Event) flow.Decision {
	return flow.Decision{Action: e.Action, Policy: c.rule.Policy, Revision: c.rule.Revision,
		Group: c.rule.Group, Collection: c.rule.Collection, Rule: c.rule.Name}
}

// add takes events with their rules, and sets their ids. Rows that they make come
// with tell.
func (c *connections) add(events []flow.Event, rules []*logs.Rule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range events {
		c.rule = rules[i]
		c.tracker.Add(&events[i])
	}
}

// replay takes events whose rows an earlier process has told.
func (c *connections) replay(events []flow.Event, rules []*logs.Rule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range events {
		c.rule = rules[i]
		c.tracker.Replay(&events[i])
	}
}

// with does something with the tracker, and publishes what that told.
func (c *connections) with(do func(*tracker.Tracker)) {
	c.mu.Lock()
	do(c.tracker)
	c.mu.Unlock()
	c.tell()
}

// tell publishes what was told.
func (c *connections) tell() {
	c.mu.Lock()
	rows := c.fresh
	c.fresh, c.spare = c.spare, nil
	c.mu.Unlock()
	if len(rows) > 0 {
		rows = c.publish(rows)
	}
	c.mu.Lock()
	c.spare = rows
	c.mu.Unlock()
}

// publishConnections makes rows of what the tracker told. They are written before
// anybody can see them.
func (f *Firewall) publishConnections(told []flow.Connection) (spare []flow.Connection) {
	f.writeConnections(told)
	first := f.stream.rows.add(told)
	f.stream.tellConnections(told, first)
	return f.stream.rows.done(first)
}

func (f *Firewall) writeConnections(told []flow.Connection) {
	if len(f.outputs.Load().files) == 0 {
		return
	}
	rows, entries := make([]logs.Row, len(told)), make([]Entry, len(told))
	for i := range told {
		rows[i] = logs.ConnectionRow(&told[i], f.source)
		entries[i] = Entry{Connection: &told[i], Rows: rows[i : i+1]}
	}
	f.writeKept(entries...)
	f.flushFiles()
}
