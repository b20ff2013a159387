// Package catalog is how tables come to the query engine: a name, the columns
// with Kusto's types, and the relation of the store that holds the rows.
package catalog

import (
	"context"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// Column is a column of a table.
type Column struct {
	Name string
	Type value.Type
	// Physical is the store's own type, in upper case, such as TIMESTAMP or
	// UINTEGER; it decides how the column is read.
	Physical string
	// NotNull tells that the store knows of no NULL in the column. A string of
	// which that is not known is read as one that may have some, which takes
	// longer.
	NotNull bool
	// Doc is plain text for people, or "".
	Doc string
	// Hidden columns are left out unless a query names them.
	Hidden bool
}

// Table is a table that queries can name.
type Table struct {
	Name    string
	Columns []Column
	// Relation is the SQL that stands behind FROM. It comes from the store,
	// never from a query.
	Relation string
	// Resolve, if set, gives the relation in place of Relation, one that has at
	// least the rows that are needed.
	Resolve func(ctx context.Context, need Need) (string, error)
	// Doc is plain text for people, or "".
	Doc string
}

// TimeColumn is the column by whose times [Table.Resolve] goes.
const TimeColumn = "TimeGenerated"

// Catalog finds tables. Implementations are safe for concurrent use.
type Catalog interface {
	// Table returns the table with exactly this name.
	Table(name string) (*Table, bool)
	// Names returns the names of all tables, sorted.
	Names() []string
}

// Static is a fixed set of tables.
type Static map[string]*Table

// NewStatic makes a catalog of tables.
func NewStatic(tables ...*Table) Static {
	s := Static{}
	for _, t := range tables {
		s[t.Name] = t
	}
	return s
}

// Table implements [Catalog].
func (s Static) Table(name string) (*Table, bool) {
	t, ok := s[name]
	return t, ok
}

// Names implements [Catalog].
func (s Static) Names() []string {
	out := make([]string, 0, len(s))
	for n := range s {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Match returns the names of the tables that a pattern with * fits, sorted.
func Match(c Catalog, pattern string) []string {
	var out []string
	for _, n := range c.Names() {
		if Wildcard(pattern, n) {
			out = append(out, n)
		}
	}
	return out
}

// Wildcard tells whether name fits pattern, in which * stands for any text.
func Wildcard(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
