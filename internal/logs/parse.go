package logs

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Record is a row that was read back from JSON.
type Record struct {
	table  *Table
	values []any
}

// Table returns the table that the record belongs to.
func (r Record) Table() *Table { return r.table }

// Value returns the value of the column at place i of the table, as the Go
// type of the column's [Type]; nil where absent.
func (r Record) Value(i int) any { return r.values[i] }

// Get returns the value of the named column; nil where absent, or where the
// table has no such column.
func (r Record) Get(column string) any {
	if i := r.table.Index(column); i >= 0 {
		return r.values[i]
	}
	return nil
}

// Time returns the value of TimeGenerated.
func (r Record) Time() time.Time { return r.values[0].(time.Time) }

// NewRecord makes a record of values in the order of the table's columns, of the
// Go types of their [Type]; nil where absent. TimeGenerated, the first, is there.
func NewRecord(table *Table, values []any) (Record, error) {
	if len(values) != len(table.Columns) {
		return Record{}, fmt.Errorf("make record of %s: %d values for %d columns", table.Name, len(values), len(table.Columns))
	}
	if _, ok := values[0].(time.Time); !ok {
		return Record{}, fmt.Errorf("make record of %s: no TimeGenerated", table.Name)
	}
	return Record{table, values}, nil
}

type envelope struct {
	Time       string                     `json:"time"`
	ResourceID string                     `json:"resourceId"`
	Category   string                     `json:"category"`
	Properties map[string]json.RawMessage `json:"properties"`
}

// ParseJSON reads one JSON object as [AppendJSON] writes it, or as Azure
// exports it. The time may have any number of digits and any zone; what is finer
// than a microsecond is cut off.
//
// The result has TimeGenerated, _ResourceId, Type and the properties; what a
// workspace adds (TenantId and its like) is absent. Properties that the table
// has no column for are passed over: a newer firewall may have more. An error
// names what is wrong: the JSON, the category, the time or the property.
func ParseJSON(line []byte) (Record, error) {
	var e envelope
	if err := json.Unmarshal(line, &e); err != nil {
		return Record{}, fmt.Errorf("parse log record: %w", err)
	}
	table, ok := LookupCategory(e.Category)
	if !ok {
		return Record{}, fmt.Errorf("parse log record: no table has the category %q", e.Category)
	}
	at, err := parseTime(e.Time)
	if err != nil {
		return Record{}, fmt.Errorf("parse log record: time: %w", err)
	}
	r := Record{table, make([]any, len(table.Columns))}
	r.values[0] = at
	if e.ResourceID != "" {
		r.values[table.resource] = LowerID(e.ResourceID)
	}
	r.values[table.Index("Type")] = table.Name
	for i, c := range table.Columns {
		raw, ok := e.Properties[c.Name]
		if !ok || c.envelope {
			continue
		}
		if r.values[i], err = parseValue(c.Type, raw); err != nil {
			return Record{}, fmt.Errorf("parse log record: property %s: %w", c.Name, err)
		}
	}
	return r, nil
}

func parseTime(s string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, s)
	return at.UTC().Truncate(time.Microsecond), err
}

// parseValue reads a value as the Go type that belongs to t; nil for null.
func parseValue(t Type, raw json.RawMessage) (any, error) {
	switch t {
	case String:
		return decode[string](raw)
	case Int:
		return decode[int32](raw)
	case Long:
		return decode[int64](raw)
	case Real:
		return decode[float64](raw)
	case Bool:
		return decode[bool](raw)
	case DateTime:
		s, err := decode[string](raw)
		if err != nil || s == nil {
			return nil, err
		}
		return parseTime(s.(string))
	}
	return nil, errors.New("column of unknown type " + string(t))
}

func decode[T any](raw json.RawMessage) (any, error) {
	var v *T
	if err := json.Unmarshal(raw, &v); err != nil || v == nil {
		return nil, err
	}
	return *v, nil
}
