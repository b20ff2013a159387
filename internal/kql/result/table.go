package result

import (
	"bufio"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// maxCell is how many characters of a value a table shows, but in the last column.
const maxCell = 60

// writeTable writes columns of equal width. Numbers stand at the right. All
// rows are read first, because their widths must be known.
func writeTable(w io.Writer, r Rows) error {
	t, err := Read(r)
	if err != nil {
		return err
	}
	return newGrid(t).write(w)
}

// grid is a table in texts, with its header, and how wide its columns are.
type grid struct {
	cols   []Column
	cells  [][]string
	widths []int
}

func newGrid(t *Table) *grid {
	g := &grid{cols: t.Cols, cells: [][]string{make([]string, len(t.Cols))}, widths: make([]int, len(t.Cols))}
	for i, c := range t.Cols {
		g.cells[0][i] = c.Name
	}
	for _, row := range t.Data {
		line := make([]string, len(row))
		for i, v := range row {
			most := maxCell
			if i == len(row)-1 {
				most = math.MaxInt // a sentence is read best where nothing stands behind it
			}
			line[i] = cell(v, most)
		}
		g.cells = append(g.cells, line)
	}
	for _, line := range g.cells {
		for i, s := range line {
			g.widths[i] = max(g.widths[i], utf8.RuneCountInString(s))
		}
	}
	return g
}

// width is how wide the longest line may be.
func (g *grid) width() int {
	sum := 0
	for _, n := range g.widths {
		sum += n + len(gap)
	}
	return sum - len(gap)
}

// gap stands between two columns.
const gap = "  "

func (g *grid) write(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, line := range g.cells {
		writeLine(out, g.cols, line, g.widths)
	}
	return out.Flush()
}

func writeLine(w *bufio.Writer, cols []Column, line []string, widths []int) {
	for i, s := range line {
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(s))
		last := i == len(line)-1
		switch {
		case cols[i].Type.IsNumber():
			w.WriteString(pad + s)
		case last:
			w.WriteString(s)
		default:
			w.WriteString(s + pad)
		}
		if !last {
			w.WriteString(gap)
		}
	}
	w.WriteByte('\n')
}

// cell is a value on one line, cut where it has more characters than most.
func cell(v any, most int) string {
	s := strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return '·'
		}
		return r
	}, value.Text(v))
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most-1]) + "…"
	}
	return s
}
