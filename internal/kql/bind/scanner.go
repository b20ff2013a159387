package bind

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// scanner is a bound scan.
type scanner struct {
	// input are the columns that rows come with; carried are these and those
	// that cut the rows into partitions.
	input, carried []*plan.Column
	// partition are places in carried.
	partition []int
	declared  []*plan.Column
	defaults  []any
	steps     []scanStep
	// matchID and stepName are what the columns are called that tell the
	// sequence and the step, "" for none.
	matchID, stepName string
	b                 *binder
	made              budget
}

// scanStep is one step. state are the columns by which expressions name the row
// that the step has kept: the input's, then the declared ones.
type scanStep struct {
	name, output string
	state        []*plan.Column
	cond         plan.Expr
	sets         []scanSet
}

// scanSet gives the column at that place of the extended row a value.
type scanSet struct {
	column int
	x      plan.Expr
}

func (s *scanner) column(name string) int {
	return slices.IndexFunc(slices.Concat(s.input, s.declared), func(c *plan.Column) bool { return c.Name == name })
}

func (s *scanner) declaredColumn(name string) plan.Expr {
	for _, c := range s.declared {
		if c.Name == name {
			return &plan.Ref{Col: c}
		}
	}
	return nil
}

func (s *scanner) stateColumn(step int, name string) plan.Expr {
	if i := s.column(name); i >= 0 {
		return &plan.Ref{Col: s.steps[step].state[i]}
	}
	return nil
}

// sequence is what a step knows of a sequence that has come as far as it: the
// row that each step up to itself has matched, and the sequence's number.
type sequence struct {
	rows [][]any
	id   int64
}

// scanState is the state of one partition: a sequence for each step that has
// one, and the rows that steps with output=last hold back.
type scanState struct {
	active  []*sequence
	pending [][]any
	next    int64
}

// scan sends the rows through the steps and returns what they put out: the
// carried columns, the declared ones, the sequence's number, the step's name.
func (s *scanner) scan(b *binder, rows [][]any) (out [][]any) {
	s.b = b
	states := map[string]*scanState{}
	var order []*scanState
	for _, row := range rows {
		if b.stopped() {
			return nil
		}
		key := value.Array{}
		for _, i := range s.partition {
			key = append(key, row[i])
		}
		st := states[value.JSON(key)]
		if st == nil {
			st = &scanState{active: make([]*sequence, len(s.steps)), pending: make([][]any, len(s.steps))}
			states[value.JSON(key)] = st
			order = append(order, st)
		}
		for k := len(s.steps) - 1; k >= 0; k-- {
			out = s.match(st, k, row, out)
		}
	}
	for _, st := range order {
		for k := range s.steps {
			out = st.flush(k, out)
		}
	}
	return out
}

// match considers a row against a step, first as the row that carries the
// sequence of the step before on to this one, then as one more row of this step.
func (s *scanner) match(st *scanState, k int, row []any, out [][]any) [][]any {
	if k > 0 && st.active[k-1] != nil {
		before := st.active[k-1]
		next := &sequence{rows: append(slices.Clone(before.rows), nil), id: before.id}
		if env := s.values(row, next); s.evaluate(s.steps[k].cond, env) == true {
			out = st.flush(k, st.flush(k-1, out))
			st.active[k-1], st.active[k] = nil, next
			return s.put(st, k, row, env, out)
		}
	}
	this := st.active[k]
	if this == nil && k > 0 {
		return out
	}
	fresh := this == nil
	if fresh {
		this = &sequence{rows: make([][]any, 1), id: st.next}
	}
	env := s.values(row, this)
	if s.evaluate(s.steps[k].cond, env) != true {
		return out
	}
	if fresh {
		st.next++
	}
	st.active[k] = this
	return s.put(st, k, row, env, out)
}

// values are what expressions of the step that a sequence has come to can see.
func (s *scanner) values(row []any, q *sequence) map[*plan.Column]any {
	out := map[*plan.Column]any{}
	for i, c := range s.input {
		out[c] = row[i]
	}
	for i, c := range s.declared {
		out[c] = s.defaults[i]
	}
	for k, kept := range q.rows {
		if kept == nil {
			kept = s.blank()
		}
		for i, c := range s.steps[k].state {
			out[c] = kept[i]
		}
	}
	return out
}

// blank is what a step has kept that has matched nothing yet.
func (s *scanner) blank() []any {
	out := make([]any, 0, len(s.input)+len(s.declared))
	for _, c := range s.input {
		if c.Type == value.StringType {
			out = append(out, "")
		} else {
			out = append(out, nil)
		}
	}
	return append(out, s.defaults...)
}

// put keeps a row that matches, with what the step sets, and puts it out.
func (s *scanner) put(st *scanState, k int, row []any, env map[*plan.Column]any, out [][]any) [][]any {
	step := s.steps[k]
	extended := slices.Concat(row[:len(s.input)], s.defaults)
	for _, set := range step.sets {
		extended[set.column] = s.evaluate(set.x, env)
		if !s.made.add(extended[set.column]) {
			s.b.stop(funcs.ErrMemory)
		}
	}
	st.active[k].rows[k] = extended
	full := slices.Concat(row, extended[len(s.input):])
	if s.matchID != "" {
		full = append(full, st.active[k].id)
	}
	if s.stepName != "" {
		full = append(full, step.name)
	}
	switch step.output {
	case "all":
		out = append(out, full)
	case "last":
		st.pending[k] = full
	}
	return out
}

// flush puts out the row that a step holds back.
func (st *scanState) flush(k int, out [][]any) [][]any {
	if st.pending[k] != nil {
		out, st.pending[k] = append(out, st.pending[k]), nil
	}
	return out
}
