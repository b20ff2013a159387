package randomly

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// operators make the next operator of a pipe, and note what it does to the
// order of the rows. Those that stand more than once are more common.
var operators []func(*maker, *rows) *Piece

func init() {
	operators = []func(*maker, *rows) *Piece{
		(*maker).where, (*maker).where, (*maker).where, (*maker).extend, (*maker).extend, (*maker).project, (*maker).project,
		(*maker).summarize, (*maker).summarize, (*maker).summarize, (*maker).distinct, (*maker).count, (*maker).projectSome,
		(*maker).rename, (*maker).sort, (*maker).sort, (*maker).join, (*maker).join, (*maker).join, (*maker).lookup, (*maker).union,
		(*maker).expand, (*maker).parse, (*maker).inOrder, (*maker).inOrder, (*maker).top,
	}
}

// pipe makes a source and up to most operators. Of what is given the source is
// made; nil is a table.
func (m *maker) pipe(most int, tables []Table) *rows {
	r := m.source(tables)
	if !m.refresh(r) {
		return r
	}
	for range m.IntN(most) + 1 {
		op := pick(m, operators)(m, r)
		if op == nil {
			continue
		}
		r.root.Kids = append(r.root.Kids, op)
		if !m.refresh(r) {
			break
		}
	}
	return r
}

func (m *maker) source(tables []Table) *rows {
	if tables == nil {
		tables = m.g.tables[:3]
		if m.IntN(3) == 0 {
			tables = m.g.tables[3:]
		}
	}
	t := pick(m, tables)
	r := &rows{root: list(" | ", 1, write("table", t.Name))}
	if t.Unique != "" {
		r.unique = []string{t.Unique}
	}
	return r
}

func (m *maker) op(form string, kids ...*Piece) *Piece { return write("", form, kids...) }

// some makes one to most pieces in a list.
func (m *maker) some(most int, f func() *Piece) *Piece {
	l := list(", ", 1)
	for range m.IntN(most) + 1 {
		if p := f(); p != nil {
			l.Kids = append(l.Kids, p)
		}
	}
	return l
}

func (m *maker) newName() string {
	m.names++
	return fmt.Sprintf("x%d", m.names)
}

// named gives an expression a name, or leaves that to the engine. Once a column
// is called Column1, all get names: the language service goes on counting where
// that column is long gone.
func (m *maker) named(x *Piece) *Piece {
	if m.IntN(2) == 0 && !m.numbered {
		return x
	}
	return write("", m.newName()+" = §", x)
}

func (m *maker) anyExpr(r *rows) *Piece { return m.expr(pick(m, allTypes), r.cols, 2) }

func (m *maker) where(r *rows) *Piece {
	return m.op("where §", m.expr(value.BoolType, r.cols, 3))
}

func (m *maker) extend(r *rows) *Piece {
	return m.op("extend §", m.some(2, func() *Piece {
		x := m.anyExpr(r)
		named := m.named(x)
		if named == x {
			r.unique = nil // it may be called like a column and take its place
		}
		return named
	}))
}

func (m *maker) project(r *rows) *Piece {
	r.unique = nil
	return m.op("project §", m.some(4, func() *Piece { return m.named(m.anyExpr(r)) }))
}

// projectSome leaves columns out, keeps or reorders them.
func (m *maker) projectSome(r *rows) *Piece {
	r.unique = nil
	words := []string{"project-keep §", "project-reorder §"}
	if len(r.cols) > 1 {
		words = append(words, "project-away §")
	}
	c := pick(m, r.cols)
	name := quote(c.Name)
	if m.IntN(4) == 0 && plainName.MatchString(c.Name) {
		name = name[:1] + "*"
		words = words[:2]
	}
	return m.op(pick(m, words), write("", name))
}

func (m *maker) rename(r *rows) *Piece {
	r.unique = nil
	return m.op("project-rename "+m.newName()+" = §", write("", quote(pick(m, r.cols).Name)))
}

func (m *maker) summarize(r *rows) *Piece {
	aggs := m.some(3, func() *Piece { return m.named(m.fill("", pick(m, aggregates), r.cols, 1)) })
	return m.by(r, m.op("summarize §", aggs))
}

// by adds keys to a summarize, mostly.
func (m *maker) by(r *rows, summarize *Piece) *Piece {
	r.ordered, r.unique = false, nil
	if m.IntN(4) == 0 {
		return summarize
	}
	keys := m.some(2, func() *Piece {
		if m.IntN(4) == 0 {
			key := m.fill("", pick(m, []string{"bin(§:datetime, 1h)", "bin(§:long, 10)", "tolower(§:string)", "§bool", "startofday(§:datetime)"}), r.cols, 1)
			return m.named(key)
		}
		return m.columnOf(r.cols, sortable)
	})
	if len(keys.Kids) == 0 {
		return summarize
	}
	return write("", "§ by §", summarize, keys)
}

func (m *maker) distinct(r *rows) *Piece {
	keys := m.some(3, func() *Piece { return m.columnOf(r.cols, sortable) })
	r.ordered, r.unique = false, nil
	if len(keys.Kids) == 0 {
		return nil
	}
	return m.op("distinct §", keys)
}

func (m *maker) count(r *rows) *Piece {
	r.ordered, r.unique = false, nil
	return m.op("count")
}

// sort orders by some columns, which may leave ties.
func (m *maker) sort(r *rows) *Piece {
	r.ordered = false
	return m.op("sort by §", m.some(2, func() *Piece {
		x := m.columnOf(r.cols, sortable)
		if x == nil || m.IntN(4) == 0 {
			x = m.expr(value.LongType, r.cols, 2)
		}
		return write("", "§"+pick(m, []string{"", " asc", " desc", " nulls first", " asc nulls last"}), x)
	}))
}

// total is a list of keys that tells all rows apart, or all that differ.
func (m *maker) total(r *rows) *Piece {
	l := list(", ", 1)
	for _, c := range r.cols {
		x := write("", quote(c.Name))
		if c.Type == value.DynamicType {
			x = write("", "tostring(§)", x)
		}
		if len(r.unique) == 0 || hasUnique(r.unique, c) {
			l.Kids = append(l.Kids, write("", "§"+pick(m, []string{"", " asc", " desc nulls first"}), x))
		}
	}
	return l
}

func hasUnique(unique []string, c *plan.Column) bool {
	for _, u := range unique {
		if u == c.Name {
			return true
		}
	}
	return false
}

// inOrder puts rows in an order without ties and adds an operator for which
// that matters.
func (m *maker) inOrder(r *rows) *Piece {
	if !tellable(r.cols) {
		return nil
	}
	sorted := write("", "sort by §", m.total(r))
	switch m.IntN(3) {
	case 0:
		return write("", "§ | take §", sorted, write("", pick(m, []string{"1", "3", "0", "100"})))
	case 1:
		columns := m.some(2, func() *Piece { return m.named(m.fill("", pick(m, windows), r.cols, 0)) })
		return write("", "§ | extend §", sorted, columns)
	}
	aggs := m.some(2, func() *Piece { return m.named(m.fill("", pick(m, inOrder), r.cols, 1)) })
	return write("", "§ | §", sorted, m.by(r, write("", "summarize §", aggs)))
}

// tellable tells whether a total order can be written: real columns may hold
// values that differ in their last digits, by the way in which they are summed.
func tellable(cols []*plan.Column) bool { return len(cols) <= 14 }

func (m *maker) top(r *rows) *Piece {
	if !tellable(r.cols) {
		return nil
	}
	keys := m.total(r)
	if len(keys.Kids) != 1 {
		return nil
	}
	return write("", "top § by §", write("", pick(m, []string{"2", "5", "1"})), keys)
}

var joinKinds = []string{"", "kind=innerunique ", "kind=inner ", "kind=leftouter ", "kind=rightouter ", "kind=fullouter ", "kind=leftsemi ",
	"kind=rightsemi ", "kind=leftanti ", "kind=rightanti ", "kind=anti ", "kind=leftantisemi "}

// join joins with a table, or with rows of a pipe.
func (m *maker) join(r *rows) *Piece {
	kind := pick(m, joinKinds)
	right := m.pipe(1, nil)
	on := m.keys(r, right)
	if on == nil {
		return nil
	}
	r.ordered, r.unique = false, nil
	form := "join " + kind + "(§) on §"
	if kind == "" || strings.Contains(kind, "unique") { // any of the rows with the same keys may be the one
		keep := list(", ", 1)
		for _, k := range on.Kids {
			keep.Kids = append(keep.Kids, leftKey(k))
		}
		return write("", "project § | "+form, keep, right.root, on)
	}
	return write("", form, right.root, on)
}

func (m *maker) lookup(r *rows) *Piece {
	right := m.pipe(1, nil)
	on := m.keys(r, right)
	if on == nil {
		return nil
	}
	r.ordered, r.unique = false, nil
	return write("", "lookup "+pick(m, []string{"", "kind=inner ", "kind=leftouter "})+"(§) on §", right.root, on)
}

// keys are columns of the same name, or pairs of the same type.
func (m *maker) keys(left, right *rows) *Piece {
	l := list(", ", 1)
	if len(right.cols) == 0 {
		return nil
	}
	used := map[string]bool{}
	for range m.IntN(2) + 1 {
		a, b := pick(m, left.cols), pick(m, right.cols)
		if hasName(right.cols, a.Name) {
			for _, c := range right.cols {
				if c.Name == a.Name {
					b = c
				}
			}
		}
		if a.Type != b.Type || !sortable(a) || used[a.Name] {
			continue
		}
		used[a.Name] = true
		if a.Name == b.Name && m.IntN(3) > 0 {
			l.Kids = append(l.Kids, write("", "§", write("", quote(a.Name))))
			continue
		}
		l.Kids = append(l.Kids, write("", "$left.§ == $right.§", write("", quote(a.Name)), write("", quote(b.Name))))
	}
	if len(l.Kids) == 0 {
		return nil
	}
	return l
}

func leftKey(on *Piece) *Piece { return on.Kids[0] }

func (m *maker) union(r *rows) *Piece {
	r.ordered, r.unique = false, nil
	other := m.pipe(1, nil)
	return write("", "union "+pick(m, []string{"", "", "kind=inner ", "kind=outer ", "withsource=Origin "})+"(§)", other.root)
}

func (m *maker) expand(r *rows) *Piece {
	c := m.columnOf(r.cols, func(c *plan.Column) bool { return c.Type == value.DynamicType })
	if c == nil {
		return nil
	}
	r.unique = nil
	return m.op("mv-expand "+pick(m, []string{"§", "§", "§ to typeof(long)", "kind=array §", "with_itemindex=Place §", "Element = §", "Element = § to typeof(string)"}), c)
}

// patterns of parse; § stands for a new name.
var patterns = []string{"* '-' §", "§ 'a' §", "* ' ' § ' ' *", "§ ',' § ',' §", "§:long", "§ '.' § ':' §:int"}

func (m *maker) parse(r *rows) *Piece {
	c := m.columnOf(r.cols, func(c *plan.Column) bool { return c.Type == value.StringType })
	if c == nil {
		return nil
	}
	r.unique = nil
	pattern, kids := pick(m, patterns), []*Piece{c}
	for range strings.Count(pattern, "§") {
		kids = append(kids, write("", m.newName()))
	}
	return m.op(pick(m, []string{"parse", "parse-where", "parse kind=relaxed"})+" § with "+pattern, kids...)
}
