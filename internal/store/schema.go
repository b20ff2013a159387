package store

import (
	"slices"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/logs"
)

// Schema is the catalog of all tables without their rows, for queries that are
// only checked.
func Schema() catalog.Catalog {
	var tables []*catalog.Table
	for _, t := range logs.AllTables() {
		tables = append(tables, &catalog.Table{Name: t.Name, Doc: t.Doc, Columns: columnsOf(t), Relation: nothing(t)})
	}
	return catalog.NewStatic(tables...)
}

// schema are the columns of all tables, made once.
func schema() (columns map[*logs.Table][]catalog.Column, names []string) {
	columns = map[*logs.Table][]catalog.Column{}
	for _, t := range logs.AllTables() {
		columns[t] = columnsOf(t)
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return columns, names
}
