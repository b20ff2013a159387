package scenario

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// defaultWithin is how long rows may take to come: the reader's beat, the wait
// for the kernel's reasons, and a busy machine.
const defaultWithin = 5 * time.Second

func (e *Expectation) what() string {
	what := "expect at " + strings.Join(e.At, " and ")
	if e.Flags != nil && *e.Flags == "" {
		return what + ": nothing"
	}
	if e.Flags != nil {
		what += ": " + *e.Flags
	} else {
		what += ": rows of " + e.table().Name
	}
	if e.OneConnection && len(e.At) > 1 {
		what += ", under one connection id"
	}
	return what
}

// expect asks for rows until they are as they must be, or the time is over.
// For rows that must not come the whole time is waited: one beat is not
// enough to know that nothing comes.
func (r *Runner) expect(ctx context.Context, e *Expectation) (string, error) {
	within := e.Within.value()
	if within == 0 {
		within = defaultWithin
	}
	nothing := e.Flags != nil && *e.Flags == ""
	if nothing && e.Within == "" {
		within = 500 * time.Millisecond
	}
	deadline := time.Now().Add(within)
	for {
		text, problem := r.look(ctx, e)
		over := !time.Now().Before(deadline)
		if ctx.Err() != nil || over || (problem == nil) != nothing {
			return text, problem
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// look compares what is there now.
func (r *Runner) look(ctx context.Context, e *Expectation) (string, error) {
	ids := map[string]bool{}
	var texts []string
	for _, name := range e.At {
		rows, err := r.rows(ctx, name, e.table())
		if err != nil {
			return "", err
		}
		text, err := e.compare(rows)
		if err != nil {
			return "", fmt.Errorf("at %s: %w", name, err)
		}
		texts = append(texts, text)
		for _, row := range rows {
			id, _ := row.Get("ConnectionId").(string)
			ids[id] = true
		}
	}
	if e.OneConnection && (len(ids) != 1 || ids[""]) {
		return "", fmt.Errorf("connection ids %v, expected one and the same", ids)
	}
	return strings.Join(slices.Compact(texts), "; "), nil
}

// rows are those of the last connection at one firewall.
func (r *Runner) rows(ctx context.Context, firewall string, table *logs.Table) ([]logs.Record, error) {
	client := r.last.client.Addr()
	options := control.TraceOptions{Table: table.Name, Last: -1,
		Filter: flow.Filter{Hosts: []netip.Prefix{netip.PrefixFrom(client, client.BitLen())}}}
	var rows []logs.Record
	err := r.client(firewall).Trace(ctx, options, nil, func(line []byte) error {
		record, _, err := control.ParseTraceLine(line)
		if err == nil && r.ofLast(record) {
			rows = append(rows, record)
		}
		return err
	})
	return rows, err
}

// ofLast reports whether a row belongs to the last connection, and learns the
// port of a client that did not tell it.
func (r *Runner) ofLast(row logs.Record) bool {
	if row.Time().Before(r.last.since.Add(-time.Millisecond)) {
		return false
	}
	source, dest := endpoint(row, "Source"), endpoint(row, "Destination")
	if source == r.last.server {
		source, dest = dest, source
	}
	if dest != r.last.server || source.Addr() != r.last.client.Addr() || r.seen[source.Port()] {
		return false
	}
	if r.last.client.Port() == 0 {
		r.last.client = source
	}
	return source == r.last.client
}

func endpoint(row logs.Record, side string) netip.AddrPort {
	text, _ := row.Get(side + "Ip").(string)
	port, _ := row.Get(side + "Port").(int32)
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr, uint16(port))
}

// compare says what the rows are, or how they differ from what they must be.
func (e *Expectation) compare(rows []logs.Record) (string, error) {
	flags := make([]string, len(rows))
	for i, row := range rows {
		flags[i], _ = row.Get("Flag").(string)
	}
	text := strings.Join(flags, " ")
	if e.table() != logs.FlowTrace {
		text = fmt.Sprintf("%d rows of %s", len(rows), e.table().Name)
	}
	if e.Flags != nil {
		p, err := compilePattern(*e.Flags)
		if err != nil {
			return "", err
		}
		if !p.match(flags) {
			return "", fmt.Errorf("flags are %q, expected %q", text, *e.Flags)
		}
		if *e.Flags == "" {
			return "nothing", nil
		}
	}
	if len(rows) < max(e.AtLeast, 1) {
		return "", fmt.Errorf("%d rows, expected at least %d", len(rows), max(e.AtLeast, 1))
	}
	for _, want := range e.Rows {
		if err := compareRows(rows, want); err != nil {
			return "", err
		}
	}
	return text, nil
}

// compareRows checks one line of expectations against the rows it is about.
func compareRows(rows []logs.Record, want map[string]string) error {
	about := 0
	for _, row := range rows {
		if flag, ok := want["Flag"]; ok && row.Get("Flag") != flag {
			continue
		}
		about++
		for column, value := range want {
			got := valueText(row.Get(column))
			part, contained := strings.CutPrefix(value, "~")
			if contained && strings.Contains(got, part) || !contained && got == value {
				continue
			}
			return fmt.Errorf("column %s is %q, expected %q, in the row %s", column, got, value, rowText(row))
		}
	}
	if about == 0 {
		return fmt.Errorf("no row with Flag %s", want["Flag"])
	}
	return nil
}

// valueText is a value as a scenario writes it; an absent one is empty.
func valueText(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func rowText(row logs.Record) string {
	return fmt.Sprintf("%v → %v %v", endpoint(row, "Source"), endpoint(row, "Destination"), valueText(row.Get("Flag")))
}
