package randomly

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/plan"
	"github.com/sekisho/sekisho/internal/kql/value"
)

var (
	holes     = regexp.MustCompile(`§(:sortable|[:']?[a-z]+)`)
	plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	allTypes  = []value.Type{value.BoolType, value.IntType, value.LongType, value.RealType, value.StringType,
		value.DatetimeType, value.TimespanType, value.GuidType, value.DynamicType}
)

func class(t value.Type) string { return "expr " + t.String() }

// expr makes an expression of a type over columns.
func (m *maker) expr(t value.Type, cols []*plan.Column, depth int) *Piece {
	if depth <= 0 || m.IntN(3) == 0 {
		return m.leaf(t, cols)
	}
	form := pick(m, forms[t])
	whole := m.fill(class(t), form, cols, depth-1)
	if strings.Contains(form, "§") && !strings.HasSuffix(form, ")") || strings.Contains(form, " (") {
		return write(class(t), "(§)", whole)
	}
	return whole
}

// leaf is a column or a constant.
func (m *maker) leaf(t value.Type, cols []*plan.Column) *Piece {
	if m.IntN(8) > 0 {
		if c := m.columnOf(cols, func(c *plan.Column) bool { return c.Type == t }); c != nil {
			return c
		}
	}
	return write(class(t), pick(m, literals[t]))
}

// columnOf is a reference to one of the columns that fit, nil without one.
func (m *maker) columnOf(cols []*plan.Column, fits func(*plan.Column) bool) *Piece {
	var list []*plan.Column
	for _, c := range cols {
		if fits(c) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return nil
	}
	c := pick(m, list)
	return write(class(c.Type), quote(c.Name))
}

func quote(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return "['" + strings.ReplaceAll(name, "'", `\'`) + "']"
}

// fill makes a piece of a form; see forms.
func (m *maker) fill(class, form string, cols []*plan.Column, depth int) *Piece {
	var kids []*Piece
	var first value.Type
	text := holes.ReplaceAllStringFunc(form, func(hole string) string {
		kid, t := m.hole(strings.TrimPrefix(hole, "§"), first, cols, depth)
		if len(kids) == 0 {
			first = t
		}
		kids = append(kids, kid)
		return "§"
	})
	return write(class, text, kids...)
}

// hole makes what stands in a hole of a form, and tells its type.
func (m *maker) hole(what string, first value.Type, cols []*plan.Column, depth int) (*Piece, value.Type) {
	switch what {
	case "any":
		t := pick(m, allTypes)
		return m.expr(t, cols, depth), t
	case "same":
		return m.expr(first, cols, depth), first
	case ":sortable":
		if c := m.columnOf(cols, sortable); c != nil {
			return c, value.Unknown
		}
		what = ":long"
	}
	t, _ := value.ParseType(strings.TrimLeft(what, ":'"))
	switch what[0] {
	case '\'':
		return write(class(t), pick(m, literals[t])), t
	case ':':
		if c := m.columnOf(cols, func(c *plan.Column) bool { return c.Type == t }); c != nil {
			return c, t
		}
		return write(class(t), pick(m, literals[t])), t
	}
	return m.expr(t, cols, depth), t
}

func sortable(c *plan.Column) bool { return c.Type != value.DynamicType }

func hasName(cols []*plan.Column, name string) bool {
	return slices.ContainsFunc(cols, func(c *plan.Column) bool { return c.Name == name })
}
