// Package sqlgen writes plans as SQL. What the text of a query says never gets
// into the SQL: constants are arguments, columns are called c1, c2 by the
// plan's numbers, and the tables' own names come from the catalog and are
// quoted by one function of the dialect.
//
// Each node becomes a SELECT over its input in parentheses; the engine's own
// optimiser flattens them. What depends on the engine is behind [Dialect].
//
// # How values are carried
//
// Kusto's types have one canonical form in SQL each: datetime and timespan as
// 64-bit ticks of 100 ns, dynamic as JSON text, decimal and guid as text,
// strings never NULL. Tables may hold other forms, a datetime as a timestamp of
// microseconds, a string as a column with NULLs. Such a column is carried as it
// is (see [Form]) as long as nothing needs the canonical form, and compared
// with constants in its own form, so that the engine can skip row groups. Of
// columns in which the store knows of no NULL, and of what is taken from them,
// nothing is written that only a NULL needs.
package sqlgen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/funcs"
	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// Form is how a value is carried.
type Form uint8

// The forms.
const (
	// Canonical is the form described in the package comment.
	Canonical Form = iota
	// Timestamp is a datetime as the engine's timestamp of microseconds.
	Timestamp
	// TimestampTZ is the same in the engine's type with a time zone.
	TimestampTZ
	// NullString is a string whose NULL is empty.
	NullString
)

// Column is a column of a statement's result.
type Column struct {
	Name string
	Type value.Type
	Form Form
}

// Function is a function of the table that the engine calls in Go, for one
// combination of types.
type Function struct {
	Name string
	Fn   *funcs.Func
	In   []value.Type
	Out  value.Type
}

// Statement is SQL with its arguments.
type Statement struct {
	SQL       string
	Args      []any
	Columns   []Column
	Functions []Function
}

// Options change what is written.
type Options struct {
	// Exact calculates integers in Go, where they wrap as Kusto's do. Without
	// it an overflow is an error of the engine.
	Exact bool
	// Relations stand behind FROM for scans whose table's own relation does
	// not: tables that read only what the query needs.
	Relations map[*plan.Scan]string
}

// Generate writes a query in a dialect.
func Generate(d Dialect, q *plan.Query, o Options) (st Statement, err error) {
	g := &gen{d: d, opts: o, forms: map[*plan.Column]Form{}, never: map[*plan.Column]bool{}, sizes: map[*plan.Column]int{}, known: map[*plan.Call]int{}, uses: map[*plan.Shared]int{}, shared: map[*plan.Shared]string{}, functions: map[string]Function{}}
	defer func() {
		if r := recover(); r != nil {
			problem, ok := r.(generateError)
			if !ok {
				panic(r)
			}
			err = problem
		}
	}()
	g.countUses(q.Node, map[plan.Node]bool{})
	body, end := g.last(q)
	var out []string
	for _, c := range q.Cols {
		out = append(out, name(c))
		st.Columns = append(st.Columns, Column{Name: c.Name, Type: c.Type, Form: g.forms[c]})
	}
	if len(out) == 0 {
		out = []string{"1"}
	}
	st.SQL, st.Args = g.number(g.with() + "SELECT " + strings.Join(out, ", ") + " FROM (" + body + ")" + end)
	for _, f := range g.functions {
		st.Functions = append(st.Functions, f)
	}
	return st, nil
}

// last writes a query's node, and its order behind it. The first rows in the
// query's own order are taken where they are put in order, which is done once.
func (g *gen) last(q *plan.Query) (body, end string) {
	if n, ok := q.Node.(*plan.Limit); ok && len(n.Partition) == 0 && slices.Equal(n.Order, q.Order) {
		body = g.node(n.In)
		return body, g.orderBy(q.Order) + fmt.Sprintf(" LIMIT %d", n.N)
	}
	body = g.node(q.Node)
	return body, g.orderBy(q.Order)
}

// generateError is a plan that cannot be written.
type generateError struct{ error }

func fail(format string, args ...any) {
	panic(generateError{fmt.Errorf("write SQL: "+format, args...)})
}

// gen is one writing.
type gen struct {
	d         Dialect
	opts      Options
	args      []any
	forms     map[*plan.Column]Form
	never     map[*plan.Column]bool // columns known to have no NULL
	sizes     map[*plan.Column]int  // of how many stored texts they may be
	uses      map[*plan.Shared]int
	shared    map[*plan.Shared]string
	ctes      []string
	functions map[string]Function
	aliases   int
	depth     int                // of the expression that is being written
	known     map[*plan.Call]int // what pieces has found out
}

// name is a column's name in SQL.
func name(c *plan.Column) string { return fmt.Sprintf("c%d", c.ID) }

// countUses counts how often shared nodes are read.
func (g *gen) countUses(n plan.Node, seen map[plan.Node]bool) {
	if s, ok := n.(*plan.Shared); ok {
		g.uses[s]++
	}
	if seen[n] {
		return
	}
	seen[n] = true
	for _, in := range n.Inputs() {
		g.countUses(in, seen)
	}
	for _, x := range plan.Exprs(n) {
		plan.Walk(x, func(e plan.Expr) {
			if in, ok := e.(*plan.InQuery); ok {
				g.countUses(in.Sub, seen)
			}
		})
	}
}

// with writes the shared nodes.
func (g *gen) with() string {
	if len(g.ctes) == 0 {
		return ""
	}
	return "WITH " + strings.Join(g.ctes, ", ") + " "
}

// alias makes a new name for a table.
func (g *gen) alias(prefix string) string {
	g.aliases++
	return fmt.Sprintf("%s%d", prefix, g.aliases)
}

// arg adds an argument and returns its placeholder with its type. While the SQL
// is being put together the placeholder is a mark: parts may be written and not
// used, or used twice, and numbers must be without gaps.
func (g *gen) arg(v any, sqlType string) string {
	g.args = append(g.args, v)
	return fmt.Sprintf("CAST(%c%d%c AS %s)", argMark, len(g.args)-1, argMark, sqlType)
}

// argMark encloses the index of an argument. No other part of the SQL has it.
const argMark = '\x00'

// number replaces the marks by placeholders, and gives the arguments that are
// used in the order of their first use.
func (g *gen) number(sql string) (string, []any) {
	var b strings.Builder
	var args []any
	numbers := map[string]int{}
	for i, part := range strings.Split(sql, string(argMark)) {
		if i%2 == 0 {
			b.WriteString(part)
			continue
		}
		if numbers[part] == 0 {
			index, _ := strconv.Atoi(part)
			args = append(args, g.args[index])
			numbers[part] = len(args)
		}
		b.WriteString(g.d.Placeholder(numbers[part]))
	}
	return b.String(), args
}

// orderBy writes ORDER BY with the keys, "" without any.
func (g *gen) orderBy(keys []plan.Key) string {
	list := g.keys(keys)
	if list == "" {
		return ""
	}
	return " ORDER BY " + list
}

func (g *gen) keys(keys []plan.Key) string {
	var out []string
	for _, k := range keys {
		s := g.canonicalColumn(k.Col)
		if g.forms[k.Col] != NullString {
			s = name(k.Col)
		}
		if k.Col.Type == value.DecimalType {
			s = g.d.DecimalKey(s)
		}
		if k.Col.Type == value.RealType { // NaN stands next to null; the engine has it above all others
			out = append(out, direction("isnan("+s+")", k.NullsFirst, k.NullsFirst))
		}
		out = append(out, direction(s, k.Desc, k.NullsFirst))
	}
	return strings.Join(out, ", ")
}

func direction(sql string, desc, nullsFirst bool) string {
	if desc {
		sql += " DESC"
	}
	if nullsFirst {
		return sql + " NULLS FIRST"
	}
	return sql + " NULLS LAST"
}
