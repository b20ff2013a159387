package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// show prints what was asked for: rows, or a verdict.
func (s *selection) show(w io.Writer, all []imported) error {
	if s.question != nil {
		return s.showVerdict(w, all)
	}
	rows := inOrder(all)
	var firewalls []string
	for _, in := range all {
		firewalls = append(firewalls, in.watch.Firewall)
	}
	out := s.newOutput(w, firewalls)
	counts := map[flow.Outcome]int{}
	for _, r := range rows {
		counts[r.c.Verdict.Outcome] += 1 + r.c.Alike
		if !s.keeps(r.c) {
			continue
		}
		if err := out.row(logs.ConnectionRow(r.c, r.from.source())); err != nil {
			return err
		}
	}
	if err := out.end(); err != nil {
		return err
	}
	say("%s", countsText(counts))
	return nil
}

func (in *imported) source() *logs.Source {
	id := in.resourceID
	if id == "" {
		id = logs.DefaultResourceID("", in.watch.Firewall)
	}
	return &logs.Source{Firewall: in.watch.Firewall, ResourceID: id}
}

// showVerdict says what became of one connection.
func (s *selection) showVerdict(w io.Writer, all []imported) error {
	c := diagnose.Case{Asked: *s.question, Topology: s.topology, Policies: s.policies}
	for _, in := range all {
		c.Connections = append(c.Connections, in.connections...)
		c.Watches = append(c.Watches, in.watch)
	}
	v := diagnose.Diagnose(c)
	if err := newVerdictScreen(w, s.screen).show(&v); err != nil {
		return err
	}
	return exitOf(&v)
}

// countsText is how many connections there are, by outcome.
func countsText(counts map[flow.Outcome]int) string {
	all := 0
	var parts []string
	for _, o := range flow.Outcomes() {
		if n := counts[o]; n > 0 {
			all += n
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	if all == 0 {
		return "no connections"
	}
	return fmt.Sprintf("%d connections: %s", all, strings.Join(parts, ", "))
}

// rowOutput writes rows in one of the output formats.
type rowOutput struct {
	w       io.Writer
	printer *logs.Printer // of tables
	array   bool
	rows    int
	buf     []byte
}

func (s *selection) newOutput(w io.Writer, firewalls []string) *rowOutput {
	switch s.output {
	case "json":
		return &rowOutput{w: w, array: true}
	case "jsonl":
		return &rowOutput{w: w}
	}
	width, colour := terminal()
	if s.output == "wide" {
		width = 0
	}
	return &rowOutput{w: w, printer: logs.NewPrinter(w, width, colour, logs.PrinterOptions{Firewalls: firewalls, Connections: true})}
}

func (o *rowOutput) row(r logs.Row) error {
	if o.printer != nil {
		return o.printer.Print(r)
	}
	o.buf = o.buf[:0]
	switch {
	case o.array && o.rows == 0:
		o.buf = append(o.buf, "[\n"...)
	case o.array:
		o.buf = append(o.buf, ",\n"...)
	}
	o.rows++
	o.buf = logs.AppendJSON(o.buf, r, false)
	if !o.array {
		o.buf = append(o.buf, '\n')
	}
	_, err := o.w.Write(o.buf)
	return err
}

func (o *rowOutput) end() error {
	if !o.array {
		return nil
	}
	text := "\n]\n"
	if o.rows == 0 {
		text = "[]\n"
	}
	_, err := io.WriteString(o.w, text)
	return err
}
