package duck

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"

	duckdb "github.com/duckdb/duckdb-go/v2"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/sqlgen"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// scalar makes a function of the table known to DuckDB.
type scalar struct {
	config duckdb.ScalarFuncConfig
	fn     sqlgen.Function
	// memos are those that no call has at the moment.
	memos sync.Pool
}

// Config implements [duckdb.ScalarFunc].
func (s *scalar) Config() duckdb.ScalarFuncConfig { return s.config }

// Executor implements [duckdb.ScalarFunc]. It is asked for one for each chunk of
// rows, which DuckDB holds at a time: what has been made is counted for them.
func (s *scalar) Executor() duckdb.ScalarFuncExecutor {
	answer, made := s.row, 0
	if s.config.Volatile {
		answer = s.compute
	}
	return duckdb.ScalarFuncExecutor{RowExecutor: func(args []driver.Value) (any, error) {
		out, err := answer(args)
		if made += added(args, out); made > funcs.Room {
			return nil, funcs.ErrMemory
		}
		return out, err
	}}
}

// added is by how much a text is longer than those that it was made of.
func added(args []driver.Value, out any) int {
	text, ok := out.(string)
	if !ok {
		return 0
	}
	longest := 0
	for _, a := range args {
		s, _ := a.(string)
		longest = max(longest, len(s))
	}
	return max(0, len(text)-longest)
}

// row gives one row's answer.
func (s *scalar) row(args []driver.Value) (any, error) {
	m, ok := s.memos.Get().(*memo)
	if !ok {
		m = &memo{}
	}
	out, err := m.ask(args, s.compute)
	s.memos.Put(m)
	return out, err
}

// compute computes one row. A panic would end the process: it becomes an error.
func (s *scalar) compute(args []driver.Value) (out any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s: %v", s.fn.Fn.Name, r)
		}
	}()
	call := funcs.Call{Args: make([]any, len(args)), Types: s.fn.In, Out: s.fn.Out}
	for i, a := range args {
		call.Args[i] = fromCarried(a, s.fn.In[i])
	}
	v, err := s.fn.Fn.Run(&call)
	if err != nil {
		return nil, fmt.Errorf(functionFailed+"%w", err)
	}
	return carried(v, s.fn.Out), nil
}

// functionFailed tells the errors of functions in Go from the engine's own, which
// keeps but their text.
const functionFailed = "a function failed: "

// fromCarried reads a value of the canonical form.
func fromCarried(v any, t value.Type) any {
	switch v := v.(type) {
	case nil:
		if t == value.StringType {
			return ""
		}
		return nil
	case int32:
		return int64(v)
	case int64:
		switch t {
		case value.DatetimeType:
			return value.Datetime(v)
		case value.TimespanType:
			return value.Timespan(v)
		}
	case string:
		switch t {
		case value.DynamicType:
			return value.Decode(v)
		case value.GuidType:
			return value.Guid(v)
		case value.DecimalType:
			if d, ok := value.ParseDecimal(v); ok {
				return d
			}
			return nil
		}
	}
	return v
}

// carried writes a result in the canonical form.
func carried(v any, t value.Type) any {
	if v == nil {
		if t == value.StringType {
			return ""
		}
		return nil
	}
	out := sqlgen.Carried(t, v)
	switch out := out.(type) {
	case int64:
		if t == value.IntType {
			return int32(out)
		}
	case string:
		return strings.ToValidUTF8(out, "\ufffd") // DuckDB takes nothing else
	}
	return out
}

var duckTypes = map[value.Type]duckdb.Type{
	value.BoolType: duckdb.TYPE_BOOLEAN, value.IntType: duckdb.TYPE_INTEGER, value.LongType: duckdb.TYPE_BIGINT,
	value.RealType: duckdb.TYPE_DOUBLE, value.DatetimeType: duckdb.TYPE_BIGINT, value.TimespanType: duckdb.TYPE_BIGINT,
}

func typeInfo(t value.Type) (duckdb.TypeInfo, error) {
	kind, ok := duckTypes[t]
	if !ok {
		kind = duckdb.TYPE_VARCHAR
	}
	return duckdb.NewTypeInfo(kind)
}

// register makes the functions of a statement known, those that are not yet.
func (e *Engine) register(list []sqlgen.Function) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range list {
		if e.registered[f.Name] {
			continue
		}
		if err := e.registerOne(f); err != nil {
			return fmt.Errorf("register %s: %w", f.Fn.Name, err)
		}
		e.registered[f.Name] = true
	}
	return nil
}

func (e *Engine) registerOne(f sqlgen.Function) error {
	s := &scalar{fn: f, config: duckdb.ScalarFuncConfig{SpecialNullHandling: true, Volatile: f.Fn.Volatile}}
	for _, t := range f.In {
		info, err := typeInfo(t)
		if err != nil {
			return err
		}
		s.config.InputTypeInfos = append(s.config.InputTypeInfos, info)
	}
	var err error
	if s.config.ResultTypeInfo, err = typeInfo(f.Out); err != nil {
		return err
	}
	return duckdb.RegisterScalarUDF(e.own, f.Name, s)
}
