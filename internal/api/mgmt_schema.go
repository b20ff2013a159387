package api

import (
	"strings"

	"github.com/sekisho/sekisho/internal/kql/editor"
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

// schemaJSON is the schema as editors read it.
func (s *shown) schemaJSON(names []string) (*result.Table, *failure) {
	if f := s.wanted(names); f != nil {
		return nil, f
	}
	text := marshal(editor.Describe(catalogOf(s.tables), s.ws.Name()))
	return answer("DatabaseSchema", []any{string(text)})
}

func (s *shown) tableSchema(names []string) (*result.Table, *failure) {
	return s.oneSchema(names[0], cslSchema)
}

func (s *shown) tableSchemaJSON(names []string) (*result.Table, *failure) {
	return s.oneSchema(names[0], func(t Table) string {
		one := editor.Describe(catalogOf([]Table{t}), s.ws.Name())
		return string(marshal(one.Databases[s.ws.Name()].Tables[t.Name]))
	})
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
