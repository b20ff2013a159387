package main

import (
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/logs"
)

// mergeWindow is how long live rows wait for those of other firewalls, so that
// the steps of one connection stand in the order in which they happened. The
// firewalls read their rings every few milliseconds, each at its own beat, and
// wait up to 50 ms for the kernel's reasons.
const mergeWindow = 120 * time.Millisecond

// merger puts the rows of several firewalls in the order of their time.
type merger struct {
	out  traceOutput
	hold time.Duration
	held []heldLine
}

type heldLine struct {
	traceLine
	came time.Time
}

func (m *merger) run(lines <-chan traceLine) error {
	tick := time.NewTicker(mergeWindow / 4)
	defer tick.Stop()
	for {
		select {
		case l, ok := <-lines:
			if !ok {
				if err := m.release(time.Time{}); err != nil {
					return err
				}
				return m.out.end()
			}
			if l.isRow() {
				m.held = append(m.held, heldLine{l, time.Now()})
			}
		case <-tick.C:
			if err := m.release(time.Now().Add(-m.hold)); err != nil {
				return err
			}
		}
	}
}

// release prints what came before the given time (all, if it is zero), in the
// order of the rows' own time.
func (m *merger) release(before time.Time) error {
	slices.SortStableFunc(m.held, func(a, b heldLine) int { return a.record.Time().Compare(b.record.Time()) })
	n := len(m.held)
	if !before.IsZero() {
		n = 0
		for n < len(m.held) && m.held[n].came.Before(before) {
			n++
		}
	}
	for _, l := range m.held[:n] {
		if err := m.out.row(l.traceLine); err != nil {
			return err
		}
	}
	m.held = slices.Delete(m.held, 0, n)
	return nil
}

// traceOutput writes rows in one of the output formats.
type traceOutput interface {
	row(traceLine) error
	end() error
}

// newTraceOutput makes the writer for a format; indent is how much of a
// terminal's width is taken already.
func newTraceOutput(w io.Writer, firewalls []firewall.Status, output string, indent int) traceOutput {
	switch output {
	case "jsonl":
		return linesOutput{w}
	case "json":
		return &arrayOutput{w: w}
	}
	width, colour := terminal()
	width = max(width-indent, 0)
	return &tableOutput{printer: logs.NewPrinter(w, width, colour, logs.PrinterOptions{Firewalls: namesOf(firewalls), Day: time.Now()})}
}

// namesOf are the firewalls' names, each once.
func namesOf(firewalls []firewall.Status) []string {
	var names []string
	for _, f := range firewalls {
		names = append(names, f.Name)
	}
	slices.SortFunc(names, cmp.Compare)
	return slices.Compact(names)
}

type tableOutput struct {
	printer *logs.Printer
	some    bool
}

func (o *tableOutput) row(l traceLine) error {
	o.some = true
	return o.printer.Print(l.record)
}

func (o *tableOutput) end() error {
	if !o.some {
		return o.printer.Header()
	}
	return nil
}

type linesOutput struct{ w io.Writer }

func (o linesOutput) row(l traceLine) error {
	_, err := o.w.Write(append(l.raw, '\n'))
	return err
}
func (o linesOutput) end() error { return nil }

// arrayOutput writes one JSON array.
type arrayOutput struct {
	w    io.Writer
	some bool
}

func (o *arrayOutput) row(l traceLine) error {
	begin := "[\n  "
	if o.some {
		begin = ",\n  "
	}
	o.some = true
	_, err := o.w.Write(append([]byte(begin), l.raw...))
	return err
}

func (o *arrayOutput) end() error {
	text := "\n]\n"
	if !o.some {
		text = "[]\n"
	}
	_, err := io.WriteString(o.w, text)
	return err
}
