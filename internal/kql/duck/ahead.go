package duck

import (
	"errors"
	"io"
)

// held is how many rows are read before the first is handed out, where integers
// may overflow: as long as nobody has seen a row, the query can run again.
const held = 4096

// errUnsure says that there are more rows than are held, and that one of them may
// overflow.
var errUnsure = errors.New("more rows than are read ahead")

// sure makes sure that no row can overflow once another was seen: it reads all
// rows ahead, unless the exact statement is the same. If they are not few, or
// fail, they are closed.
func (r *rows) sure(exact func() bool) (*rows, error) {
	if exact() {
		return r, nil
	}
	few := &few{}
	for len(few.rows) < held {
		values := make([]any, len(r.values))
		err := r.feed.next(values)
		if errors.Is(err, io.EOF) {
			few.feed, r.feed = r.feed, few
			return r, nil
		}
		if err != nil {
			return nil, errors.Join(r.s.explain(r.ctx, err), r.Close())
		}
		few.rows = append(few.rows, values)
	}
	return nil, errors.Join(errUnsure, r.Close())
}

// few are rows that were read ahead.
type few struct {
	rows [][]any
	feed
}

func (f *few) next(values []any) error {
	if len(f.rows) == 0 {
		return io.EOF
	}
	copy(values, f.rows[0])
	f.rows = f.rows[1:]
	return nil
}
