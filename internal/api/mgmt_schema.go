package api

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/result"
)

// wanted refuses a schema of another database.
func (s *shown) wanted(names []string) *failure {
	for _, n := range names {
		if n = strings.TrimSpace(n); !strings.EqualFold(n, s.ws.Name()) && n != defaultDatabase {
			return notFound("Database", n)
		}
	}
	return nil
}

// schema has a row for the database, then one for each table, each followed by
// those of its columns.
func (s *shown) schema(names []string) (*result.Table, *failure) {
	if f := s.wanted(names); f != nil {
		return nil, f
	}
	t, _ := answer("DatabaseName TableName ColumnName ColumnType IsDefaultTable:bool IsDefaultColumn:bool PrettyName Version Folder DocString")
	db := s.ws.Name()
	row := func(table, column, typ, doc string) {
		t.Data = append(t.Data, []any{db, table, column, typ, false, false, "", "v1.0", "", doc})
	}
	row("", "", "", "")
	for _, table := range s.tables {
		row(table.Name, "", "", table.Doc)
		for _, c := range table.Columns {
			row(table.Name, c.Name, c.Type.DotNet(), c.Doc)
		}
	}
	return t, nil
}

// The schema as JSON, as editors read it.
type (
	jsonSchema struct {
		Databases map[string]jsonDatabase
	}
	jsonDatabase struct {
		Name              string
		Tables            map[string]jsonTable
		ExternalTables    map[string]any
		MaterializedViews map[string]any
		EntityGroups      map[string]any
		Functions         map[string]any
		MajorVersion      int
		MinorVersion      int
		// DatabaseAccessMode says that nothing can be written over this API.
		DatabaseAccessMode string
	}
	jsonTable struct {
		Name, Folder, DocString string
		OrderedColumns          []jsonColumn
	}
	jsonColumn struct{ Name, Type, CslType, DocString string }
)

func (s *shown) schemaJSON(names []string) (*result.Table, *failure) {
	if f := s.wanted(names); f != nil {
		return nil, f
	}
	none := map[string]any{}
	db := jsonDatabase{Name: s.ws.Name(), Tables: map[string]jsonTable{}, ExternalTables: none, MaterializedViews: none,
		EntityGroups: none, Functions: none, MajorVersion: 1, DatabaseAccessMode: "ReadOnly"}
	for _, t := range s.tables {
		db.Tables[t.Name] = newJSONTable(t)
	}
	text := marshal(jsonSchema{map[string]jsonDatabase{db.Name: db}})
	return answer("DatabaseSchema", []any{string(text)})
}

func newJSONTable(t Table) jsonTable {
	out := jsonTable{Name: t.Name, DocString: t.Doc, OrderedColumns: []jsonColumn{}}
	for _, c := range t.Columns {
		out.OrderedColumns = append(out.OrderedColumns, jsonColumn{c.Name, c.Type.DotNet(), c.Type.String(), c.Doc})
	}
	return out
}

func (s *shown) tableSchema(names []string) (*result.Table, *failure) {
	return s.oneSchema(names[0], cslSchema)
}

func (s *shown) tableSchemaJSON(names []string) (*result.Table, *failure) {
	return s.oneSchema(names[0], func(t Table) string { return string(marshal(newJSONTable(t))) })
}

func (s *shown) oneSchema(name string, write func(Table) string) (*result.Table, *failure) {
	t, f := s.table(name)
	if f != nil {
		return nil, f
	}
	return answer("TableName Schema DatabaseName Folder DocString", []any{t.Name, write(t), s.ws.Name(), "", t.Doc})
}

// cslSchema is name:type for each column.
func cslSchema(t Table) string {
	var cols []string
	for _, c := range t.Columns {
		cols = append(cols, c.Name+":"+c.Type.String())
	}
	return strings.Join(cols, ",")
}
