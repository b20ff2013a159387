package api

import (
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/kql/result"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// shown answers commands. The columns are those of Kusto's own answers, because
// clients find them by name; what a workspace does not have is null or empty.
type shown struct {
	*server
	tables []Table
}

// answer makes a table of a schema, name:type with blanks between, and rows.
func answer(schema string, rows ...[]any) (*result.Table, *failure) {
	t := &result.Table{Data: rows}
	for _, column := range strings.Fields(schema) {
		name, typ, _ := strings.Cut(column, ":")
		c := result.Column{Name: name, Type: value.StringType}
		if typ != "" {
			c.Type, _ = value.ParseType(typ)
		}
		t.Cols = append(t.Cols, c)
	}
	return t, nil
}

func (s *shown) version([]string) (*result.Table, *failure) {
	return answer("BuildVersion BuildTime:datetime ServiceType ProductVersion ServiceOffering",
		[]any{s.Version, nil, "Engine", "Sekisho " + s.Version, `{"Type":"Sekisho"}`})
}

// started is about when the process began.
var started = value.FromTime(time.Now())

func (s *shown) cluster([]string) (*result.Table, *failure) {
	return answer("NodeId Address Name StartTime:datetime IsAdmin:bool MachineTotalMemory:long MachineAvailableMemory:long "+
		"ProcessorCount:int EnvironmentDescription", []any{"workspace", "", s.ws.Name(), started, true, nil, nil, nil, ""})
}

func (s *shown) databases(names []string) (*result.Table, *failure) {
	if f := s.wanted(names); f != nil {
		return nil, f
	}
	return answer("DatabaseName PersistentStorage Version IsCurrent:bool DatabaseAccessMode PrettyName ReservedSlot1:bool DatabaseId:guid "+
		"InTransitionTo SuspensionState", []any{s.ws.Name(), "", "v1.0", true, "ReadOnly", "", nil, s.id(), "", ""})
}

func (s *shown) identity(names []string) (*result.Table, *failure) {
	if f := s.wanted(names); f != nil {
		return nil, f
	}
	return answer("DatabaseName PersistentStorage Version IsCurrent:bool DatabaseAccessMode PrettyName CurrentUserIsUnrestrictedViewer:bool "+
		"DatabaseId:guid InTransitionTo", []any{s.ws.Name(), "", "v1.0", true, "ReadOnly", "", true, s.id(), ""})
}

// id is the workspace's id as a GUID, null if it is none.
func (s *shown) id() any {
	if id, ok := value.ParseGuid(s.ws.ID()); ok {
		return id
	}
	return nil
}

func (s *shown) tableList(names []string) (*result.Table, *failure) {
	t, _ := answer("TableName DatabaseName Folder DocString")
	for _, table := range s.tables {
		if names == nil || slices.Contains(names, table.Name) {
			t.Data = append(t.Data, []any{table.Name, s.ws.Name(), "", table.Doc})
		}
	}
	return t, nil
}

func (s *shown) table(name string) (Table, *failure) {
	i := slices.IndexFunc(s.tables, func(t Table) bool { return t.Name == name })
	if i < 0 {
		return Table{}, notFound("Table", name)
	}
	return s.tables[i], nil
}

func (s *shown) tableColumns(names []string) (*result.Table, *failure) {
	table, f := s.table(names[0])
	if f != nil {
		return nil, f
	}
	t, _ := answer("AttributeName AttributeType ExtentSize:long CompressionRatio:real IndexSize:long IndexSizePercent:real OriginalSize:long AttributeId Folder DocString")
	for _, c := range table.Columns {
		t.Data = append(t.Data, []any{c.Name, c.Type.DotNet(), nil, nil, nil, nil, nil, "", "", c.Doc})
	}
	return t, nil
}

// entities lists the tables as the web interface of Kusto asks for them.
func (s *shown) entities([]string) (*result.Table, *failure) {
	t, _ := answer("DatabaseName EntityType EntityName DocString Folder CslInputSchema Content CslOutputSchema Properties:dynamic")
	for _, table := range s.tables {
		t.Data = append(t.Data, []any{s.ws.Name(), "Table", table.Name, table.Doc, "", cslSchema(table), "", cslSchema(table), nil})
	}
	return t, nil
}

// A workspace has none of what follows.

func (*shown) functions([]string) (*result.Table, *failure) {
	return answer("Name Parameters Body Folder DocString")
}

func (*shown) materializedViews([]string) (*result.Table, *failure) {
	return answer("Name SourceTable Query MaterializedTo:datetime LastRun:datetime LastRunResult IsHealthy:bool IsEnabled:bool Status Folder DocString " +
		"AutoUpdateSchema:bool EffectiveDateTime:datetime LastDefinitionUpdate:datetime Lookback:timespan LookbackColumn")
}

func (*shown) externalTables([]string) (*result.Table, *failure) {
	return answer("TableName TableType Folder DocString Properties ConnectionStrings Partitions PathFormat")
}

func (*shown) entityGroups([]string) (*result.Table, *failure) { return answer("Name Entities") }
