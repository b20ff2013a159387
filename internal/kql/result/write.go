package result

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// Formats are the names that [Write] takes.
var Formats = []string{"table", "json", "jsonl", "csv", "parquet"}

// Write writes all rows in a format and closes them.
func Write(w io.Writer, format string, r Rows) error {
	defer r.Close()
	switch format {
	case "table":
		return writeTable(w, r)
	case "json":
		return writeJSON(w, r)
	case "jsonl":
		return writeJSONLines(w, r)
	case "csv":
		return writeCSV(w, r)
	case "parquet":
		return writeParquet(w, r)
	}
	return fmt.Errorf("the format %q is not one of %s", format, strings.Join(Formats, ", "))
}

// each calls f for all rows.
func each(r Rows, f func(row []any) error) error {
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(row); err != nil {
			return err
		}
	}
}

// JSONValue writes a value as Kusto's services do: moments, timespans, guids and
// decimals as strings, dynamic values as they are, reals without a number as
// "NaN" and the like.
func JSONValue(v any) string {
	switch x := v.(type) {
	case float64:
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			return strings.TrimSuffix(value.FormatReal(x), ".0")
		}
	case value.Decimal:
		return `"` + x.String() + `"`
	}
	return value.JSON(v)
}

// object writes a row as a JSON object.
func object(cols []Column, row []any) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, c := range cols {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(value.JSON(c.Name) + ":" + JSONValue(row[i]))
	}
	b.WriteByte('}')
	return b.String()
}

func writeJSONLines(w io.Writer, r Rows) error {
	cols := r.Columns()
	return each(r, func(row []any) error {
		_, err := fmt.Fprintln(w, object(cols, row))
		return err
	})
}

// writeJSON writes one array, an object a line.
func writeJSON(w io.Writer, r Rows) error {
	cols, separator := r.Columns(), "[\n"
	err := each(r, func(row []any) error {
		_, err := fmt.Fprint(w, separator, object(cols, row))
		separator = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	if separator == "[\n" {
		_, err = fmt.Fprintln(w, "[]")
	} else {
		_, err = fmt.Fprintln(w, "\n]")
	}
	return err
}

// writeCSV writes a header and rows; null is empty.
func writeCSV(w io.Writer, r Rows) error {
	out := csv.NewWriter(w)
	var record []string
	for _, c := range r.Columns() {
		record = append(record, c.Name)
	}
	if err := out.Write(record); err != nil {
		return err
	}
	err := each(r, func(row []any) error {
		for i, v := range row {
			record[i] = value.Text(v)
		}
		return out.Write(record)
	})
	out.Flush()
	if err != nil {
		return err
	}
	return out.Error()
}
