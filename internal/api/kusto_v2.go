package api

import (
	"fmt"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/result"
)

// formV2 is what both of Kusto's version 2 forms have in common: an array of
// frames, one a line, each line with its bracket or comma in front.
type formV2 struct {
	*body
	*call
	records int64
}

// frame begins a frame; all but the first have a comma in front.
func (f *formV2) frame(mark, kind string) {
	f.WriteString(mark + `{"FrameType":"` + kind + `"`)
}

// head writes the frames before the result.
func (f *formV2) head(a *kql.Answer, fragmented bool, placement string) {
	f.frame("[", "DataSetHeader")
	fmt.Fprintf(f, `,"IsProgressive":false,"Version":"v2.0","IsFragmented":%t,"ErrorReportingPlacement":%q}`+"\n", fragmented, placement)
	f.frame(",", "DataTable")
	f.WriteString(`,"TableId":0,"TableKind":"QueryProperties","TableName":"@ExtendedProperties","Columns":[` +
		`{"ColumnName":"TableId","ColumnType":"int"},{"ColumnName":"Key","ColumnType":"string"},{"ColumnName":"Value","ColumnType":"dynamic"}],"Rows":`)
	f.Write(marshal([]any{[]any{1, "Visualization", visualization(a)}}))
	f.WriteString("}\n")
}

// table begins the frame of the result, up to its columns.
func (f *formV2) table(kind string, cols []result.Column) {
	f.frame(",", kind)
	f.WriteString(`,"TableId":1,"TableKind":"PrimaryResult","TableName":"PrimaryResult","Columns":`)
	f.Write(appendColumns(nil, cols, false))
}

// foot writes the frames behind the result. A failure is told in both, because
// clients look at one or the other.
func (f *formV2) foot(fail *failure) {
	level, name, code, status, text := 4, "Info", 0, "S_OK (0)", "Query completed successfully"
	completion := `,"HasErrors":false,"Cancelled":false}`
	if fail != nil {
		level, name, code, status, text = 2, "Error", 1, fail.reason, fail.detail
		completion = `,"HasErrors":true,"Cancelled":false,"OneApiErrors":` + f.errors(fail) + "}"
	}
	at := timestamp()
	f.frame(",", "DataTable")
	f.WriteString(`,"TableId":2,"TableKind":"QueryCompletionInformation","TableName":"QueryCompletionInformation","Columns":[` +
		`{"ColumnName":"Timestamp","ColumnType":"datetime"},{"ColumnName":"ClientRequestId","ColumnType":"string"},` +
		`{"ColumnName":"ActivityId","ColumnType":"guid"},{"ColumnName":"SubActivityId","ColumnType":"guid"},{"ColumnName":"ParentActivityId","ColumnType":"guid"},` +
		`{"ColumnName":"Level","ColumnType":"int"},{"ColumnName":"LevelName","ColumnType":"string"},` +
		`{"ColumnName":"StatusCode","ColumnType":"int"},{"ColumnName":"StatusCodeName","ColumnType":"string"},` +
		`{"ColumnName":"EventType","ColumnType":"int"},{"ColumnName":"EventTypeName","ColumnType":"string"},{"ColumnName":"Payload","ColumnType":"string"}],"Rows":`)
	row := func(level int, name string, code int, status string, event int, eventName string, payload any) []any {
		return []any{at, f.id.client, f.id.activity, f.id.activity, f.id.activity, level, name, code, status, event, eventName, string(marshal(payload))}
	}
	f.Write(marshal([][]any{
		row(level, name, code, status, 4, "QueryInfo", map[string]any{"Count": 1, "Text": text}),
		row(6, "Stats", 0, "S_OK (0)", 0, "QueryResourceConsumption", map[string]any{"ExecutionTime": time.Since(f.call.begin).Seconds(),
			"dataset_statistics": []any{map[string]any{"table_row_count": f.records}}}),
	}))
	f.WriteString("}\n")
	f.frame(",", "DataSetCompletion")
	f.WriteString(completion + "\n]\n")
}

func (f *formV2) errors(fail *failure) string {
	return string(marshal([]oneAPIError{newOneAPIError(fail, f.id)}))
}

// plain is version 2 with the result in one frame. Where errors are reported in
// the data, a failure takes the place of the next row.
type plain struct{ formV2 }

func (f *plain) begin(a *kql.Answer) {
	placement := map[string]string{"in_data": "InData", "end_of_table": "EndOfTable", "end_of_dataset": "EndOfDataset"}
	f.head(a, false, placement[f.placement])
	f.table("DataTable", a.Rows.Columns())
	f.WriteString(`,"Rows":[`)
}

func (f *plain) row(json []byte) {
	if f.records > 0 {
		f.WriteByte(',')
	}
	f.records++
	f.Write(json)
}

func (f *plain) end(fail *failure) {
	if fail != nil && f.placement == "in_data" {
		if f.records > 0 {
			f.WriteByte(',')
		}
		f.WriteString(`{"OneApiErrors":` + f.errors(fail) + "}")
	}
	f.WriteByte(']')
	if fail != nil && f.placement == "end_of_table" {
		f.WriteString(`,"OneApiErrors":` + f.errors(fail))
	}
	f.WriteString("}\n")
	f.foot(fail)
}

// pieceRecords and pieceBytes end a fragment: a client parses one as a whole.
const (
	pieceRecords = 4096
	pieceBytes   = 256 << 10
)

// fragmented is version 2 with the result in fragments, each a line.
type fragmented struct {
	formV2
	inPiece, bytes int
}

func (f *fragmented) begin(a *kql.Answer) {
	f.head(a, true, "EndOfTable")
	f.table("TableHeader", a.Rows.Columns())
	f.WriteString("}\n")
}

func (f *fragmented) row(json []byte) {
	if f.inPiece == 0 {
		f.frame(",", "TableFragment")
		f.WriteString(`,"TableFragmentType":"DataAppend","TableId":1,"Rows":[`)
	} else {
		f.WriteByte(',')
	}
	f.Write(json)
	f.records++
	f.inPiece, f.bytes = f.inPiece+1, f.bytes+len(json)
	if f.inPiece == pieceRecords || f.bytes >= pieceBytes {
		f.piece()
	}
}

// piece ends a fragment that has begun.
func (f *fragmented) piece() {
	if f.inPiece > 0 {
		f.WriteString("]}\n")
		f.inPiece, f.bytes = 0, 0
	}
}

func (f *fragmented) end(fail *failure) {
	f.piece()
	f.frame(",", "TableCompletion")
	f.Write(appendInt(nil, `,"TableId":1,"RowCount":`, f.records))
	if fail != nil {
		f.WriteString(`,"OneApiErrors":` + f.errors(fail))
	}
	f.WriteString("}\n")
	f.foot(fail)
}
