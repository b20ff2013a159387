// Package readback makes connections of rows that were written down, so that
// they can be diagnosed without a running firewall.
//
// Rows are lines of JSON in the envelope of Azure's exported records, of any
// tables and any firewalls, in any order. A firewall that has rows of the table
// Connection is read from these: they are what its own tracker told. Of a
// firewall that has none, the events (AZFWFlowTrace), drops (KernelDrop) and
// losses (CaptureLoss) go through a tracker here, as they went through its own. When
// not everything was recorded is read from CaptureState.
package readback

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/document"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// Rows is what was read.
type Rows struct {
	// Connections are all of all firewalls, with every update.
	Connections []flow.Connection
	// Watches are the firewalls that have any row.
	Watches []diagnose.Watch
	// Lines is how many rows were read, of whatever table.
	Lines int
}

// longestLine is that of a row with room to spare.
const longestLine = 1 << 20

// Reader reads files of rows, one after the other. The zero value is ready.
type Reader struct {
	firewalls map[string]*recorded
	lines     int
	problems  document.Problems
}

// Read reads one file; name is for messages. Lines that cannot be read are
// problems and are passed over. The error is that of the reader.
func (r *Reader) Read(name string, from io.Reader) error {
	scanner := bufio.NewScanner(from)
	scanner.Buffer(nil, longestLine)
	number := 0
	for scanner.Scan() {
		number++
		line := bytes.TrimSpace(scanner.Bytes())
		if len(line) == 0 {
			continue
		}
		if err := r.line(line); err != nil {
			r.problems = append(r.problems, document.Problem{File: name, Line: number, Message: err.Error(), Value: begin(line),
				Hint: "rows are JSON lines as in {\"time\":…,\"category\":\"Connection\",\"properties\":{…}}"})
			continue
		}
		r.lines++
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("read rows of %s, line %d: %w", name, number+1, err)
	}
	return nil
}

// begin is the beginning of a line, to find it by.
func begin(line []byte) string {
	const most = 60
	if len(line) > most {
		return string(bytes.ToValidUTF8(line[:most], nil)) + "…"
	}
	return string(line)
}

// Rows returns what all files hold together, and the problems of their lines.
func (r *Reader) Rows() (Rows, document.Problems) {
	rows := Rows{Lines: r.lines}
	for _, name := range slices.Sorted(maps.Keys(r.firewalls)) {
		f := r.firewalls[name]
		rows.Watches = append(rows.Watches, f.watch(name))
		if len(f.told) == 0 {
			f.track(name)
		}
		rows.Connections = append(rows.Connections, f.told...)
	}
	return rows, r.problems
}

// line takes one row.
func (r *Reader) line(text []byte) error {
	record, err := logs.ParseJSON(text)
	if err != nil {
		return err
	}
	return r.add(record)
}

// Add takes a row that was read elsewhere. A row that cannot be one is an error
// and counts for nothing.
func (r *Reader) Add(record logs.Record) error {
	err := r.add(record)
	if err == nil {
		r.lines++
	}
	return err
}

// Know makes firewalls known that were there, with or without a row.
func (r *Reader) Know(firewalls ...string) {
	for _, name := range firewalls {
		r.firewall(name)
	}
}

// add passes over rows of tables that tell nothing of connections.
func (r *Reader) add(record logs.Record) error {
	switch record.Table() {
	case logs.Connection:
		c, err := logs.ParseConnection(record)
		if err != nil {
			return err
		}
		f := r.firewall(c.Firewall)
		f.told = append(f.told, c)
	case logs.FlowTrace:
		return r.firewall(firewallOf(record)).addEvent(record)
	case logs.KernelDrop:
		r.firewall(firewallOf(record)).addDrop(record)
	case logs.CaptureLoss:
		r.firewall(firewallOf(record)).addLoss(record)
	case logs.CaptureState:
		r.firewall(firewallOf(record)).addState(record)
	}
	return nil
}

func (r *Reader) firewall(name string) *recorded {
	f, ok := r.firewalls[name]
	if !ok {
		f = &recorded{}
		if r.firewalls == nil {
			r.firewalls = map[string]*recorded{}
		}
		r.firewalls[name] = f
	}
	return f
}

// firewallOf is the short name of the row's firewall: our own column, or the end
// of Azure's resource id.
func firewallOf(r logs.Record) string {
	if name, ok := r.Get("Firewall").(string); ok {
		return name
	}
	id, _ := r.Get("_ResourceId").(string)
	return path.Base("/" + id)
}
