package scenario

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

func (e *Expectation) check(c *checker, path string) {
	if !c.attempted {
		c.add(path, "", "there is no connection before it", "expectations are about what a step connect, open or inject has tried")
	}
	if e.On != "" {
		c.named(e.On, path+".on")
	}
	if len(e.At) == 0 && e.Verdict == nil {
		c.add(path+".at", "", "at which firewalls?", "for example: at: [fw-a]")
	}
	for i, name := range e.At {
		c.firewall(name, fmt.Sprintf("%s.at[%d]", path, i))
	}
	c.duration(e.Within, path+".within")
	if e.Verdict != nil {
		e.Verdict.check(c, e, path+".verdict")
		return
	}
	table := e.table()
	if table == nil {
		c.add(path+".table", e.Table, "no such table", "AZFWFlowTrace, AZFWNetworkRule, KernelDrop, CaptureLoss or CaptureState")
		return
	}
	if e.Flags != nil {
		if _, err := compilePattern(*e.Flags); err != nil {
			c.add(path+".flags", *e.Flags, err.Error(), `for example: "SYN SYN-ACK ACK FIN FIN-ACK" or "SYN INVALID{2,}"`)
		}
	}
	c.columns(table, e.Rows, path+".rows")
	c.columns(table, e.Some, path+".some")
}

func (c *checker) columns(table *logs.Table, list []map[string]string, path string) {
	names := make([]string, len(table.Columns))
	for i, column := range table.Columns {
		names[i] = column.Name
	}
	for i, row := range list {
		for column := range row {
			if table.Index(column) < 0 {
				c.add(fmt.Sprintf("%s[%d].%s", path, i, column), "", "no such column in "+table.Name, didYouMean(column, names))
			}
		}
	}
}

// table is the table that is meant; nil for an unknown one.
func (e *Expectation) table() *logs.Table {
	if e.Table == "" {
		return logs.FlowTrace
	}
	t, _ := logs.Lookup(e.Table)
	return t
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
	return text, e.compareColumns(rows)
}

func (e *Expectation) compareColumns(rows []logs.Record) error {
	for _, want := range e.Rows {
		if err := compareRows(rows, want); err != nil {
			return err
		}
	}
	for _, want := range e.Some {
		if err := findRow(rows, want); err != nil {
			return err
		}
	}
	return nil
}

// compareRows checks one line of expectations against the rows it is about:
// those with its flag, or all that are no mere remarks.
func compareRows(rows []logs.Record, want map[string]string) error {
	about := 0
	for _, row := range rows {
		flag, ok := want["Flag"]
		if ok && row.Get("Flag") != flag || !ok && row.Get("Flag") == flow.IGNORED.String() {
			continue
		}
		about++
		if err := differs(row, want); err != nil {
			return err
		}
	}
	if about == 0 {
		return fmt.Errorf("no row with Flag %q", want["Flag"])
	}
	return nil
}

// findRow looks for a row that has all the values.
func findRow(rows []logs.Record, want map[string]string) (err error) {
	for _, row := range rows {
		if err = differs(row, want); err == nil {
			return nil
		}
	}
	return fmt.Errorf("none of %d rows has %v; of the last one %w", len(rows), want, err)
}

// differs says in what a row is not as wanted.
func differs(row logs.Record, want map[string]string) error {
	for column, value := range want {
		got := valueText(row.Get(column))
		part, contained := strings.CutPrefix(value, "~")
		if contained && strings.Contains(got, part) || !contained && got == value {
			continue
		}
		return fmt.Errorf("column %s is %q, expected %q, in the row %s", column, got, value, rowText(row))
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
