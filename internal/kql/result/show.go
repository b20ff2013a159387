package result

import (
	"fmt"
	"io"
	"slices"
)

// Show writes all rows as a table for a terminal that is so many characters wide,
// and closes them. Where the table is wider, columns that are empty in all rows are
// left out; of an answer without rows that are all. What is not shown is told in a
// line that does not go where the rows go.
func Show(w, tell io.Writer, width int, r Rows) error {
	defer r.Close()
	t, err := Read(r)
	if err != nil {
		return err
	}
	shown := t
	if g := newGrid(t); g.width() > width {
		shown = t.withoutEmpty()
	}
	if len(shown.Cols) > 0 {
		if err := newGrid(shown).write(w); err != nil {
			return err
		}
	}
	switch left := len(t.Cols) - len(shown.Cols); {
	case len(t.Data) == 0:
		_, err = fmt.Fprintln(tell, "no rows")
	case left > 0:
		_, err = fmt.Fprintf(tell, "%d of %d columns are empty in all these rows and left out; -o csv has all, \"project\" in the query chooses\n", left, len(t.Cols))
	}
	return err
}

// withoutEmpty leaves out the columns without a value in any row. Rows in which no
// column has one stay as they are.
func (t *Table) withoutEmpty() *Table {
	var keep []int
	for i := range t.Cols {
		if slices.ContainsFunc(t.Data, func(row []any) bool { return row[i] != nil && row[i] != "" }) {
			keep = append(keep, i)
		}
	}
	if len(keep) == 0 && len(t.Data) > 0 {
		return t
	}
	out := &Table{Data: make([][]any, len(t.Data))}
	for _, i := range keep {
		out.Cols = append(out.Cols, t.Cols[i])
		for n, row := range t.Data {
			out.Data[n] = append(out.Data[n], row[i])
		}
	}
	return out
}
