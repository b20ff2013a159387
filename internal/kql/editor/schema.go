package editor

import (
	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/funcs"
)

// Schema is a cluster's schema in the form of Kusto's command ".show databases
// schema as json", which monaco-kusto's setSchemaFromShowSchema and Grafana's
// Azure Data Explorer source read.
type Schema struct {
	Plugins   []SchemaPlugin
	Databases map[string]SchemaDatabase
}

// SchemaPlugin is a plugin that evaluate can call.
type SchemaPlugin struct{ Name string }

// SchemaDatabase is a database. Readers expect all its maps, empty ones too.
type SchemaDatabase struct {
	Name               string
	Tables             map[string]SchemaTable
	ExternalTables     map[string]SchemaTable
	MaterializedViews  map[string]SchemaTable
	EntityGroups       map[string][]string
	Functions          map[string]struct{}
	Graphs             map[string]struct{}
	MajorVersion       int
	MinorVersion       int
	DatabaseAccessMode string
}

// SchemaTable is a table.
type SchemaTable struct {
	Name           string
	EntityType     string
	Folder         string
	DocString      string
	OrderedColumns []SchemaColumn
}

// SchemaColumn is a column; Type is the .NET name, CslType Kusto's.
type SchemaColumn struct {
	Name      string
	Type      string
	CslType   string
	DocString string
}

// Describe makes the schema of one database that has the catalog's tables.
func Describe(c catalog.Catalog, database string) Schema {
	db := SchemaDatabase{Name: database, Tables: map[string]SchemaTable{}, ExternalTables: map[string]SchemaTable{},
		MaterializedViews: map[string]SchemaTable{}, EntityGroups: map[string][]string{}, Functions: map[string]struct{}{},
		Graphs: map[string]struct{}{}, MajorVersion: 1, MinorVersion: 1, DatabaseAccessMode: "ReadOnly"}
	for _, name := range c.Names() {
		if t, ok := c.Table(name); ok {
			db.Tables[name] = schemaTable(t)
		}
	}
	out := Schema{Plugins: []SchemaPlugin{}, Databases: map[string]SchemaDatabase{database: db}}
	for _, f := range funcs.All() {
		if f.Class == funcs.Plugin {
			out.Plugins = append(out.Plugins, SchemaPlugin{f.Name})
		}
	}
	return out
}

func schemaTable(t *catalog.Table) SchemaTable {
	out := SchemaTable{Name: t.Name, EntityType: "Table", DocString: t.Doc, OrderedColumns: []SchemaColumn{}}
	for _, c := range t.Columns {
		out.OrderedColumns = append(out.OrderedColumns, SchemaColumn{c.Name, c.Type.DotNet(), c.Type.String(), c.Doc})
	}
	return out
}
