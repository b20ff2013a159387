package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/sekisho/sekisho/internal/kql/value"
)

// oneAPIError is an error in Microsoft's form "OneApi", as Kusto writes it.
type oneAPIError struct {
	Error oneAPIBody `json:"error"`
}

type oneAPIBody struct {
	Code      string        `json:"code"`
	Message   string        `json:"message"`
	Type      string        `json:"@type"`
	Detail    string        `json:"@message"`
	Context   oneAPIContext `json:"@context"`
	Permanent bool          `json:"@permanent"`
	// Diagnostics are ours: each mistake of the query with line and column.
	Diagnostics any `json:"@diagnostics,omitempty"`
}

type oneAPIContext struct {
	Timestamp        string `json:"timestamp"`
	ServiceAlias     string `json:"serviceAlias"`
	ClientRequestID  string `json:"clientRequestId"`
	ActivityID       string `json:"activityId"`
	SubActivityID    string `json:"subActivityId"`
	ParentActivityID string `json:"parentActivityId"`
}

func newOneAPIError(f *failure, id identifiers) oneAPIError {
	e := oneAPIBody{Code: f.code, Message: f.message, Type: f.exception, Detail: f.detail, Permanent: !f.transient,
		Context: oneAPIContext{timestamp(), "sekisho", id.client, id.activity, id.activity, id.activity}}
	if f.diagnostics != nil {
		e.Diagnostics = f.diagnostics
	}
	return oneAPIError{e}
}

// writeKustoError answers with a failure, before any row was written.
func writeKustoError(w http.ResponseWriter, f *failure, c *call) {
	f.writeHeader(w)
	_ = json.NewEncoder(w).Encode(newOneAPIError(f, c.id)) // an error means that the client is gone
}

// writeHeader writes the status, and when to ask again.
func (f *failure) writeHeader(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if f.after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.after))
	}
	w.WriteHeader(f.status)
}

// timestamp is the present, in ticks of 100 ns as all of Kusto's times.
func timestamp() string { return value.FromTime(time.Now()).String() }

// marshal writes what can always be written as JSON: strings, numbers, lists.
func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
