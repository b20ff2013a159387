package workspace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/diagnose/readback"
	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
)

// Around a moment that is asked for, rows are looked for within these spans, one
// after the other until there is one.
var around = []time.Duration{10 * time.Minute, 3 * time.Hour, diagnose.Farthest}

// longest is how long after a connection began its row may have been told: most
// are told when they end.
const longest = 24 * time.Hour

// settled is for how long what is recorded is looked for in the past: a firewall
// says so when its settings change, and when it starts.
const settled = 90 * 24 * time.Hour

// Evidence reads back what is stored about the connections of a question: around
// the time that it asks for, or else of the newest one.
func Evidence(ctx context.Context, a Asker, q diagnose.Question) (readback.Rows, error) {
	if q.At.IsZero() {
		at, err := newestOf(ctx, a, q)
		if err != nil || at.IsZero() {
			return readback.Rows{}, err
		}
		return evidenceAt(ctx, a, q, at, around[0])
	}
	var rows readback.Rows
	for _, span := range around {
		var err error
		if rows, err = evidenceAt(ctx, a, q, q.At, span); err != nil || len(rows.Connections) > 0 {
			return rows, err
		}
	}
	return rows, nil
}

// newestOf is the time of the newest row about the question; zero without one.
func newestOf(ctx context.Context, a Asker, q diagnose.Question) (time.Time, error) {
	for _, span := range []string{"| where TimeGenerated > ago(1h)", "| where TimeGenerated > ago(1d)", ""} {
		text := fmt.Sprintf("union (Connection %[1]s | where %[2]s | summarize t = max(TimeGenerated)), "+
			"(AZFWFlowTrace %[1]s | where %[3]s | summarize t = max(TimeGenerated)) | summarize max(t)", span, aboutConnection(q), aboutPacket(q))
		t, err := ask(ctx, a, text)
		if err != nil {
			return time.Time{}, err
		}
		if at, ok := t.Data[0][0].(value.Datetime); ok {
			return at.Time(), nil
		}
	}
	return time.Time{}, nil
}

// evidenceAt reads the rows of all tables that tell of the question's
// connections at a time.
func evidenceAt(ctx context.Context, a Asker, q diagnose.Question, at time.Time, span time.Duration) (readback.Rows, error) {
	from, to := at.Add(-span), at.Add(span)
	near := fmt.Sprintf("TimeGenerated between (%s .. %s)", Literal(from), Literal(to))
	questions := map[*logs.Table]string{
		logs.Connection: fmt.Sprintf("TimeGenerated between (%s .. %s) and FirstTime <= %s and (%s)",
			Literal(from), Literal(to.Add(longest)), Literal(to), aboutConnection(q)),
		logs.FlowTrace:  near + " and (" + aboutPacket(q) + ")",
		logs.KernelDrop: near + " and (" + aboutPacket(q) + ")",
		// That rows of then are lost may have been found much later.
		logs.CaptureLoss: fmt.Sprintf("TimeGenerated >= %s and (TimeGenerated <= %s or Place in (%q, %q, %q) and (isnull(From) or From <= %[2]s) and (isnull(To) or To >= %[1]s))",
			Literal(from), Literal(to), logs.SegmentLoss, logs.SpoolLoss, logs.WorkspaceLoss),
		// What was recorded then was said when it changed last.
		// That the host's drops of then were not seen is told by the process after it.
		logs.CaptureState: fmt.Sprintf("(TimeGenerated between (%s .. %s) and State in (%q, %q, %q, %q, %q, %q, %[11]q, %[12]q) or State in (%[6]q, %[10]q) and (isnull(From) or From <= %[2]s) and (To >= %[9]s or isnull(To) and TimeGenerated >= %[9]s))",
			Literal(from.Add(-settled)), Literal(to), logs.RecordedInPart, logs.RecordedWhole, logs.RecordedExcept, logs.DropsOff, logs.DropsOn, logs.RecordingStarted, Literal(from), logs.RulesetTampered, logs.AcksOff, logs.Untracked),
	}
	var r readback.Reader
	var mu sync.Mutex
	var all sync.WaitGroup
	var errs []error
	for table, where := range questions {
		all.Go(func() {
			records, err := few(ctx, a, table, where)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
			for _, record := range records {
				errs = append(errs, r.Add(record))
			}
		})
	}
	all.Go(func() {
		names, err := firewallsAt(ctx, a, near)
		mu.Lock()
		defer mu.Unlock()
		errs = append(errs, err)
		r.Know(names...)
	})
	all.Wait()
	rows, _ := r.Rows() // problems are of lines
	return rows, errors.Join(errs...)
}

// few reads the rows that a condition keeps, where those are few of many. It first
// asks for their times: a table has a hundred columns, and those of the other
// rows are not even unpacked where a short span of time is asked for.
func few(ctx context.Context, a Asker, table *logs.Table, where string) ([]logs.Record, error) {
	t, err := ask(ctx, a, table.Name+" | where "+where+" | summarize min(TimeGenerated), max(TimeGenerated)")
	if err != nil {
		return nil, err
	}
	first, some := t.Data[0][0].(value.Datetime)
	last, _ := t.Data[0][1].(value.Datetime)
	if !some {
		return nil, nil
	}
	return Records(ctx, a, table, fmt.Sprintf("| where TimeGenerated between (%s .. %s) and %s", Literal(first.Time()), Literal(last.Time()), where))
}

// firewallsAt names the firewalls that the workspace knew at that time.
func firewallsAt(ctx context.Context, a Asker, near string) ([]string, error) {
	t, err := ask(ctx, a, "union Heartbeat, CaptureState | where "+near+" | where isnotempty(Firewall) | distinct Firewall")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, row := range t.Data {
		names = append(names, value.Text(row[0]))
	}
	return names, nil
}

// Records asks for whole rows of a table: those that pass the operators behind
// its name, all of which keep its columns.
func Records(ctx context.Context, a Asker, table *logs.Table, operators string) ([]logs.Record, error) {
	shown := shownColumns(table)
	text := table.Name + " " + operators + " | project " + strings.Join(shown, ", ")
	answer, err := a.Query(ctx, store.Query{Text: text, Scope: store.Scope{Unbounded: true}})
	if err != nil {
		return nil, err
	}
	defer answer.Rows.Close()
	var out []logs.Record
	for {
		row, err := answer.Rows.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		record, err := recordOf(table, shown, row)
		if err != nil {
			return nil, err
		}
		out = append(out, record)
	}
}

// shownColumns are the columns that rows are read back with.
func shownColumns(t *logs.Table) []string {
	var names []string
	for _, c := range t.Columns {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

func recordOf(t *logs.Table, columns []string, row []any) (logs.Record, error) {
	values := make([]any, len(t.Columns))
	for i, name := range columns {
		at := t.Index(name)
		values[at] = goValue(row[i], t.Columns[at].Type)
	}
	return logs.NewRecord(t, values)
}

// goValue is a query's value as rows have it. A query does not tell an absent
// text from an empty one; where it matters, another column does.
func goValue(v any, t logs.Type) any {
	switch x := v.(type) {
	case value.Datetime:
		return x.Time()
	case int64:
		if t == logs.Int {
			return int32(x)
		}
	case string:
		if x == "" {
			return nil
		}
	}
	return v
}

func ask(ctx context.Context, a Asker, text string) (*result.Table, error) {
	answer, err := a.Query(ctx, store.Query{Text: text})
	if err != nil {
		return nil, err
	}
	return result.Read(answer.Rows)
}

// Literal writes a moment in KQL.
func Literal(t time.Time) string { return "datetime(" + value.FromTime(t).String() + ")" }

// aboutConnection is a condition for rows of Connection: between the two
// addresses, whoever is taken for the client.
func aboutConnection(q diagnose.Question) string {
	return either(q, func(from, to netip.AddrPort) string {
		return end("Source", from) + " and (" + end("Destination", to) + " or " + end("TranslatedDestination", to) + ")"
	})
}

// aboutPacket is a condition for rows with the tuple of one packet.
func aboutPacket(q diagnose.Question) string {
	return either(q, func(from, to netip.AddrPort) string { return end("Source", from) + " and " + end("Destination", to) })
}

func either(q diagnose.Question, way func(from, to netip.AddrPort) string) string {
	return way(q.Source, q.Destination) + " or " + way(q.Destination, q.Source)
}

func end(side string, a netip.AddrPort) string {
	is := fmt.Sprintf("%sIp == %s", side, Quoted(a.Addr().Unmap().String()))
	if a.Port() != 0 {
		is += fmt.Sprintf(" and %sPort == %d", side, a.Port())
	}
	return "(" + is + ")"
}
