package api

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/value"
)

// formV1 is Kusto's version 1: the result, the query's properties, its status,
// and a table of contents. A failure in the middle of rows takes the place of
// the next row, and is repeated at the end.
type formV1 struct {
	*body
	*call
	// name is the table's name, "" for Table_0; a command's answer is one
	// table and nothing else.
	name string
	only bool

	visual  string
	records int64
}

func (f *formV1) begin(a *kql.Answer) {
	f.visual = visualization(a)
	name := f.name
	if name == "" {
		name = "Table_0"
	}
	f.WriteString(`{"Tables":[{"TableName":"` + name + `","Columns":`)
	f.Write(appendColumns(nil, a.Rows.Columns(), true))
	f.WriteString(`,"Rows":[`)
}

func (f *formV1) row(json []byte) {
	f.separate()
	f.Write(json)
}

func (f *formV1) separate() {
	if f.records > 0 {
		f.WriteString(",\n")
	}
	f.records++
}

func (f *formV1) end(fail *failure) {
	exceptions := ""
	if fail != nil {
		exceptions = `"Exceptions":` + string(marshal([]string{fail.detail}))
		f.separate()
		f.WriteString("{" + exceptions + "}")
		exceptions = "," + exceptions
	}
	f.WriteString("]}")
	if !f.only {
		f.rest(fail)
	}
	f.WriteString("]" + exceptions + "}")
}

// rest writes the tables that say what the result is.
func (f *formV1) rest(fail *failure) {
	severity, name, code, text := 4, "Info", 0, "Query completed successfully"
	if fail != nil {
		severity, name, code, text = 2, "Error", 1, fail.detail
	}
	f.table("Table_1", "Value:string", []any{f.visual})
	f.table("Table_2", "Timestamp:datetime Severity:int SeverityName:string StatusCode:int StatusDescription:string Count:int "+
		"RequestId:guid ActivityId:guid SubActivityId:guid ClientActivityId:string",
		[]any{timestamp(), severity, name, code, text, 1, f.id.activity, f.id.activity, f.id.activity, f.id.client})
	f.table("Table_3", "Ordinal:long Kind:string Name:string Id:string PrettyName:string",
		[]any{0, "QueryResult", "PrimaryResult", guid(), ""},
		[]any{1, "QueryProperties", "@ExtendedProperties", guid(), ""},
		[]any{2, "QueryStatus", "QueryStatus", "00000000-0000-0000-0000-000000000000", ""})
}

func (f *formV1) table(name, schema string, rows ...[]any) {
	f.WriteString(",\n" + `{"TableName":"` + name + `","Columns":[`)
	for i, column := range strings.Fields(schema) {
		if i > 0 {
			f.WriteByte(',')
		}
		name, typ, _ := strings.Cut(column, ":")
		t, _ := value.ParseType(typ)
		fmt.Fprintf(f, `{"ColumnName":%q,"DataType":%q,"ColumnType":%q}`, name, shortDotNet(t), typ)
	}
	f.WriteString(`],"Rows":`)
	f.Write(marshal(rows))
	f.WriteByte('}')
}

// shortDotNet is the .NET name of a type as version 1 has it: Int32, SqlDecimal.
func shortDotNet(t value.Type) string {
	name := t.DotNet()
	return name[strings.LastIndexByte(name, '.')+1:]
}
