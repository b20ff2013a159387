package azlogs

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sekisho/sekisho/internal/document"
)

// answer is a table of an answer of Log Analytics, or of Kusto's first
// protocol, where the names begin with a capital.
type answer struct {
	Name    string `json:"name"`
	Table   string `json:"TableName"`
	Columns []struct {
		Name   string `json:"name"`
		Column string `json:"ColumnName"`
	} `json:"columns"`
	Rows []json.RawMessage `json:"rows"`
}

// tables reads the tables of an answer. Their rows are arrays, in the order of
// the columns.
func (l *loader) tables(data []byte, line int) error {
	var list []answer
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	for _, t := range list {
		var columns []string
		for _, c := range t.Columns {
			columns = append(columns, c.Name+c.Column)
		}
		for i, raw := range t.Rows {
			l.tableRow(columns, raw, fmt.Sprintf("%s%s, row %d", t.Name, t.Table, i+1), line)
		}
	}
	return nil
}

func (l *loader) tableRow(columns []string, raw json.RawMessage, place string, line int) {
	var cells []any
	if err := json.Unmarshal(raw, &cells); err != nil || len(cells) != len(columns) {
		l.report.bad(document.Problem{Line: line, Field: place, Value: shortened(raw),
			Message: fmt.Sprintf("the row does not have %d values, as there are columns", len(columns))})
		return
	}
	r := &record{line: line, values: make(map[string]string, len(cells))}
	for i, cell := range cells {
		r.set(columns[i], cell)
	}
	before := l.report.Bad
	l.record(r)
	if l.report.Bad > before && len(l.report.Problems) == l.report.Bad {
		p := &l.report.Problems[before]
		p.Field = place + ": " + p.Field
	}
}

// csv reads a table with a line of names, as the portal exports one.
func (l *loader) csv(in io.Reader, line int) error {
	l.format("CSV")
	r := csv.NewReader(in)
	r.ReuseRecord, r.FieldsPerRecord = true, -1
	names, err := r.Read()
	if err != nil {
		return l.csvError(err, line)
	}
	if len(names) == 1 && strings.ContainsAny(names[0], ";\t") {
		l.report.bad(document.Problem{Line: line, Value: shortened([]byte(names[0])), Message: "the columns are not separated by commas",
			Hint: "export the table as CSV with commas"})
		return nil
	}
	columns := make([]string, len(names))
	known := false
	for i, name := range names {
		columns[i] = column(name)
		known = known || columns[i] == "sourceip" || columns[i] == "msg"
	}
	if !known {
		l.report.bad(document.Problem{Line: line, Value: shortened([]byte(strings.Join(names, ","))), Message: "no log of Azure Firewall: there is no column SourceIp",
			Hint: "the file is JSON, or CSV whose first line has the names of the columns"})
		return nil
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			if failed := l.csvError(err, line); failed != nil {
				return failed
			}
			continue
		}
		l.csvRow(columns, cells, line+lineOf(r)-1)
	}
}

func lineOf(r *csv.Reader) int {
	line, _ := r.FieldPos(0)
	return line
}

func (l *loader) csvRow(columns, cells []string, line int) {
	if len(cells) != len(columns) {
		l.report.bad(document.Problem{Line: line, Value: shortened([]byte(strings.Join(cells, ","))),
			Message: fmt.Sprintf("the row has %d values, and there are %d columns", len(cells), len(columns))})
		return
	}
	rec := &record{line: line, values: make(map[string]string, len(cells))}
	for i, cell := range cells {
		rec.values[columns[i]] = cell
	}
	l.record(rec)
}

// csvError takes up what is wrong with the form of a line; what is wrong with
// the reading is returned.
func (l *loader) csvError(err error, line int) error {
	var wrong *csv.ParseError
	if !errors.As(err, &wrong) {
		return err
	}
	l.report.bad(document.Problem{Line: line + wrong.Line - 1, Message: "not CSV: " + wrong.Err.Error()})
	return nil
}
