package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
)

// logsAnswer is an answer whose first row has come.
type logsAnswer struct {
	answer *kql.Answer
	rows   *counted
	prefer preferences
	begin  time.Time
	cancel context.CancelFunc
}

// write writes the answer as Log Analytics does: one table, and behind it what
// became of it.
func (a *logsAnswer) write(b *body) {
	defer a.answer.Rows.Close() // also where writing panics: it holds memory, and a turn
	f := &logsForm{body: b, logsAnswer: a}
	f.begin(a.answer)
	a.rows.write(f)
}

type logsForm struct {
	*body
	*logsAnswer
	some bool
}

func (f *logsForm) begin(a *kql.Answer) {
	f.WriteString(`{"tables":[{"name":"PrimaryResult","columns":[`)
	var b []byte
	for i, c := range a.Rows.Columns() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"name":`...), c.Name)
		b = append(b, `,"type":"`+c.Type.String()+`"}`...)
	}
	f.Write(b)
	f.WriteString(`],"rows":[`)
}

func (f *logsForm) row(json []byte) {
	if f.some {
		f.WriteByte(',')
	}
	f.some = true
	f.Write(json)
}

func (f *logsForm) end(fail *failure) {
	f.WriteString("]}]")
	if f.prefer.render {
		f.WriteString(`,"render":`)
		f.Write(marshal(logsVisual(f.answer)))
	}
	if f.prefer.statistics {
		f.WriteString(`,"statistics":`)
		f.Write(marshal(map[string]any{"query": map[string]any{"executionTime": time.Since(f.logsAnswer.begin).Seconds(),
			"datasetStatistics": []any{map[string]any{"tableRowCount": f.rows.records, "tableSize": f.rows.bytes}}}}))
	}
	if fail != nil {
		f.WriteString(`,"error":`)
		f.Write(marshal(logsError{Code: "PartialError", Message: "There were some errors when processing your query.", Details: []logsError{partial(fail)}}))
	}
	f.WriteString("}")
}

// partial is a failure in the middle of rows. Log Analytics writes Kusto's number
// for it as a signed one.
func partial(f *failure) logsError {
	n, _ := strconv.ParseUint(f.kind, 16, 32) // "" where Kusto has no number
	return logsError{Code: "EngineError", Message: f.detail,
		Inner: &logsError{Code: strconv.Itoa(int(int32(uint32(n)))), Message: f.reason, Severity: 2, SeverityName: "Error"}}
}

// logsError is an error in Log Analytics' form.
type logsError struct {
	Message      string      `json:"message"`
	Code         string      `json:"code"`
	Details      []logsError `json:"details,omitempty"`
	Inner        *logsError  `json:"innererror,omitempty"`
	Severity     int         `json:"severity,omitempty"`
	SeverityName string      `json:"severityName,omitempty"`
	// Line and Pos say where a query is at fault, counted from 1.
	Line int `json:"line,omitempty"`
	Pos  int `json:"pos,omitempty"`
}

// newLogsError nests a mistake in the query two levels deep, as Log Analytics
// does: clients show the innermost message.
func newLogsError(f *failure) logsError {
	if f.diagnostics == nil {
		message := "The request had some invalid properties"
		if f.logsCode != "BadArgumentError" {
			return logsError{Code: f.logsCode, Message: f.detail}
		}
		return logsError{Code: f.logsCode, Message: message, Inner: &logsError{Code: "QueryValidationError", Message: f.detail}}
	}
	kind, message := "SemanticError", "A semantic error occurred."
	if f.syntactic() {
		kind, message = "SyntaxError", "A recognition error occurred in the query."
	}
	inner := &logsError{Code: f.number(), Message: f.diagnostics.Error(), Line: f.first().Line, Pos: f.first().Column}
	return logsError{Code: f.logsCode, Message: "The request had some invalid properties", Inner: &logsError{Code: kind, Message: message, Inner: inner}}
}

// writeLogsError answers with a failure, before any row was written. Kusto's
// clients read the same form.
func writeLogsError(w http.ResponseWriter, f *failure) {
	f.writeHeader(w)
	_ = json.NewEncoder(w).Encode(map[string]logsError{"error": newLogsError(f)}) // an error means that the client is gone
}
