package catalog

import (
	"github.com/sekisho/sekisho/internal/kql/value"
	"github.com/sekisho/sekisho/internal/logs"
)

// Logs returns all log tables as they are defined, with their docs and
// without rows: what editors and checks know where no store is at hand.
func Logs() Static {
	out := Static{}
	for _, t := range logs.AllTables() {
		table := &Table{Name: t.Name, Doc: t.Doc}
		for _, c := range t.Columns {
			kind, _ := value.ParseType(string(c.Type))
			table.Columns = append(table.Columns, Column{Name: c.Name, Type: kind, Doc: c.Doc, Hidden: c.Hidden})
		}
		out[t.Name] = table
	}
	return out
}

// Document gives a table and its columns the docs of the log table of that
// name, if there is one.
func Document(t *Table) {
	known, ok := logs.Lookup(t.Name)
	if !ok {
		return
	}
	t.Doc = known.Doc
	for i := range t.Columns {
		if at := known.Index(t.Columns[i].Name); at >= 0 {
			t.Columns[i].Doc = known.Columns[at].Doc
		}
	}
}

// With adds tables to those of another catalog; the added ones win.
func With(c Catalog, more Static) Static {
	out := Static{}
	for _, name := range c.Names() {
		out[name], _ = c.Table(name)
	}
	for name, t := range more {
		out[name] = t
	}
	return out
}
