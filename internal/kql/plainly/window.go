package plainly

import (
	"github.com/sekisho/sekisho/internal/kql/plan"
)

// neighbours are the rows among which a row has its place: those of its
// partition, in order.
type neighbours struct {
	rows []row
	at   int
}

// window computes a window function for each row.
func (e *evaluator) window(w *plan.Window, rows []row) []any {
	f, ok := windows[w.Fn.Name]
	if !ok {
		unsupported("the window function %s", w.Fn.Name)
	}
	out := make([]any, len(rows))
	for i, r := range rows {
		var part []row
		for _, other := range rows {
			if partition(other, w.Partition) == partition(r, w.Partition) {
				part = append(part, other)
			}
		}
		part = sorted(part, w.Order)
		out[i] = f(e, w, neighbours{part, place(part, r)})
		if out[i] == nil {
			out[i] = null(w.T)
		}
	}
	return out
}

// place finds a row, which is a map and so has an identity, by marking it.
func place(rows []row, r row) int {
	r[mark] = true
	defer delete(r, mark)
	for i := range rows {
		if rows[i][mark] != nil {
			return i
		}
	}
	return -1
}

var mark = &plan.Column{Name: "mark"}

// arg evaluates argument i at another place; missing where there is none.
func (e *evaluator) arg(w *plan.Window, n neighbours, i, at int, missing any) any {
	if at < 0 || at >= len(n.rows) {
		return missing
	}
	return e.expr(w.Args[i], n.rows[at])
}

var windows map[string]func(*evaluator, *plan.Window, neighbours) any

func init() {
	windows = map[string]func(*evaluator, *plan.Window, neighbours) any{
		"row_number": func(e *evaluator, w *plan.Window, n neighbours) any {
			if len(w.Args) == 0 {
				return int64(n.at) + 1
			}
			return int64(n.at) + e.expr(w.Args[0], n.rows[n.at]).(int64)
		},
		"prev": func(e *evaluator, w *plan.Window, n neighbours) any { return e.neighbour(w, n, -1) },
		"next": func(e *evaluator, w *plan.Window, n neighbours) any { return e.neighbour(w, n, 1) },
		"row_cumsum": func(e *evaluator, w *plan.Window, n neighbours) any {
			var values []any
			for at := 0; at <= n.at; at++ {
				if v := e.arg(w, n, 0, at, nil); v != nil {
					values = append(values, v)
				}
			}
			return sum(w.T, values)
		},
		"window_count": func(e *evaluator, w *plan.Window, n neighbours) any {
			count := int64(0)
			for at := 0; at <= n.at; at++ {
				if e.arg(w, n, 0, at, nil) == true {
					count++
				}
			}
			return count
		},
		"window_max": func(e *evaluator, w *plan.Window, n neighbours) any {
			var values []any
			for at := 0; at <= n.at; at++ {
				values = append(values, e.arg(w, n, 0, at, nil))
			}
			return furthest(call{args: values}, 1)
		},
		"window_changed": func(e *evaluator, w *plan.Window, n neighbours) any {
			return n.at == 0 || identity(e.arg(w, n, 0, n.at, nil)) != identity(e.arg(w, n, 0, n.at-1, nil))
		},
	}
}

// neighbour is the value some rows before (-1) or behind (1), or the default.
func (e *evaluator) neighbour(w *plan.Window, n neighbours, direction int) any {
	offset, missing := int64(1), null(w.T)
	if len(w.Args) > 1 {
		offset = e.expr(w.Args[1], nil).(int64)
	}
	if len(w.Args) > 2 {
		missing = e.expr(w.Args[2], nil)
	}
	return e.arg(w, n, 0, n.at+direction*int(offset), missing)
}
