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

// Expectation is about the rows of one connection, or about its verdict.
type Expectation struct {
	// On is a connection by name; the one of the last step that had to do with
	// one where absent.
	On string `yaml:"on,omitempty"`
	// At names the firewalls; each must have the same. Only of a verdict it
	// may be absent.
	At      []string       `yaml:"at,omitempty"`
	Verdict *WantedVerdict `yaml:"verdict,omitempty"`
	// Table is AZFWFlowTrace where absent.
	Table string `yaml:"table,omitempty"`
	// Any takes all rows of the table since the connection began, also those
	// about others and about none.
	Any bool `yaml:"any,omitempty"`
	// Flags is what the column Flag must say, row after row: a regular
	// expression over flags, as in "SYN INVALID{2,}" or "(SYN|SYN-ACK)+".
	// An empty text means no row at all.
	Flags *string `yaml:"flags,omitempty"`
	// Rows give columns and their values. With a Flag among them they are
	// about the rows with that flag, of which there must be at least one;
	// otherwise about every row. A value that begins with "~" need only be
	// contained; "" means empty.
	Rows []map[string]string `yaml:"rows,omitempty"`
	// Some gives columns and their values: for each line there must be a row
	// that has them all.
	Some []map[string]string `yaml:"some,omitempty"`
	// AtLeast is how many rows there must be; 1 where absent.
	AtLeast int `yaml:"atLeast,omitempty"`
	// OneConnection demands that all rows, at all firewalls, have one and the
	// same connection id.
	OneConnection bool `yaml:"oneConnection,omitempty"`
	// Within is how long the rows may take to come; 5 s where absent.
	Within Duration `yaml:"within,omitempty"`
}

// defaultWithin is how long rows may take to come: the reader's beat, the wait
// for the kernel's reasons, and a busy machine.
const defaultWithin = 5 * time.Second

func (e *Expectation) checks() bool { return true }

func (e *Expectation) what() string {
	what := "expect at " + strings.Join(e.At, " and ")
	if e.Verdict != nil && len(e.At) == 0 {
		return "expect the verdict " + string(e.Verdict.Outcome)
	}
	if e.Verdict != nil {
		return what + ": " + string(e.Verdict.Outcome)
	}
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

// do asks for rows until they are as they must be, or the time is over. For
// rows that must not come the whole time is waited: one beat is not enough to
// know that nothing comes.
func (e *Expectation) do(ctx context.Context, r *Runner) (string, error) {
	a, err := r.of(e.On)
	if err != nil {
		return "", err
	}
	if e.Verdict != nil {
		return e.awaitVerdict(ctx, r, a)
	}
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
		text, problem := e.look(ctx, r, a)
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
func (e *Expectation) look(ctx context.Context, r *Runner, a *attempt) (string, error) {
	ids := map[string]bool{}
	var texts []string
	for _, name := range e.At {
		rows, err := e.rows(ctx, r, a, name)
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

// rows are those that the expectation is about, at one firewall.
func (e *Expectation) rows(ctx context.Context, r *Runner, a *attempt, firewall string) ([]logs.Record, error) {
	options := control.TraceOptions{Table: e.table().Name, Last: -1}
	if host := a.client.Addr(); !e.Any {
		options.Filter = flow.Filter{Hosts: []netip.Prefix{netip.PrefixFrom(host, host.BitLen())}}
	}
	var rows []logs.Record
	err := r.client(firewall).Trace(ctx, options, nil, func(line []byte) error {
		record, _, err := control.ParseTraceLine(line)
		if err == nil && (e.Any && !record.Time().Before(a.since) || !e.Any && r.has(a, record)) {
			rows = append(rows, record)
		}
		return err
	})
	return rows, err
}
