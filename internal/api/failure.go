package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/sekisho/sekisho/internal/kql/duck"
	"github.com/sekisho/sekisho/internal/kql/syntax"
)

// failure is why a request cannot be answered, or not to its end. Each protocol
// writes it in its own way.
type failure struct {
	// status is HTTP's, while nothing has been answered yet.
	status int
	// detail says what is wrong, in a sentence for people.
	detail string
	// code, message and exception are Kusto's; kind and reason, if any, are the
	// number and the name of a failure in the middle of rows.
	code, message, exception string
	kind, reason             string
	// logsCode is Log Analytics' code.
	logsCode string
	// diagnostics are set when the query's text is at fault.
	diagnostics syntax.Diagnostics
	// transient failures may pass by themselves.
	transient bool
	// after is how many seconds a client should wait before it asks again; 0
	// where nothing is said.
	after int
}

func (f *failure) Error() string { return f.detail }

const invalidRequest = "Request is invalid and cannot be executed."

// badRequest is a request that cannot be understood.
func badRequest(format string, args ...any) *failure {
	return &failure{status: http.StatusBadRequest, code: "General_BadRequest", message: invalidRequest,
		exception: "Kusto.Data.Exceptions.KustoBadRequestException", logsCode: "BadArgumentError", detail: fmt.Sprintf(format, args...)}
}

// notFound is a name that the request uses and the workspace has not.
func notFound(kind, name string) *failure {
	f := badRequest("Entity ID '%s' of kind '%s' was not found.", name, kind)
	f.code, f.exception = "BadRequest_EntityNotFound", "Kusto.Data.Exceptions.EntityNotFoundException"
	return f
}

// pathNotFound is a path that nothing answers.
func pathNotFound(path string) *failure {
	return &failure{status: http.StatusNotFound, code: "General_NotFound", message: invalidRequest,
		exception: "Kusto.Data.Exceptions.KustoRequestException", logsCode: "PathNotFoundError", detail: "The requested path does not exist: " + path}
}

// tooLarge is a result that was cut off; what is "records" or "bytes".
func tooLarge(limit int64, what string) *failure {
	return &failure{status: http.StatusBadRequest, code: "LimitsExceeded", message: invalidRequest,
		exception: "Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException",
		kind:      "80DA0003", reason: "E_QUERY_RESULT_SET_TOO_LARGE", logsCode: "EngineError",
		detail: fmt.Sprintf("Query execution has exceeded the allowed limits (80DA0003): The results of this query exceed the set limit of %d %s, "+
			"so not all records were returned (E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003).", limit, what)}
}

// retryAfter is how many seconds a client is asked to wait where too many
// queries run.
const retryAfter = 5

// throttled is a query that was not run because too many others are.
func throttled(t *Throttled) *failure {
	return &failure{status: http.StatusTooManyRequests, code: "Too many requests", message: "Request is denied due to throttling.",
		exception: "Kusto.Data.Exceptions.KustoRequestThrottledException", kind: "80DA0001", reason: "E_QUERY_THROTTLED", logsCode: "ThrottledError",
		detail: t.Error(), transient: true, after: retryAfter}
}

// explain makes a failure of what a workspace's query or its rows gave.
func explain(err error) *failure {
	var f *failure
	var ds syntax.Diagnostics
	var busy *Throttled
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &ds):
		return refused(ds)
	case errors.As(err, &busy):
		return throttled(busy)
	case errors.Is(err, duck.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		return &failure{status: http.StatusGatewayTimeout, code: "RequestExecutionTimeout", message: "Request execution timeout.",
			exception: "Kusto.Data.Exceptions.KustoServiceTimeoutException", kind: "80DA0006", reason: "E_QUERY_TIMEOUT", logsCode: "GatewayTimeout",
			detail: "Query execution has resulted in error (0x80DA0006): Query is expired: " + duck.ErrTimeout.Error() + ".", transient: true}
	case errors.Is(err, duck.ErrRefused):
		f := badRequest("Query execution has resulted in error: %v.", err)
		f.kind, f.reason = "80DA0000", "E_QUERY_FAILED"
		return f
	case errors.Is(err, duck.ErrMemory):
		return limits("80DA0007", "E_RUNAWAY_QUERY", duck.ErrMemory)
	case errors.Is(err, duck.ErrTemporary):
		f := limits("80DA0007", "E_RUNAWAY_QUERY", err)
		f.transient = true // somebody makes room
		return f
	case errors.Is(err, duck.ErrTooLarge):
		return limits("80DA0003", "E_QUERY_RESULT_SET_TOO_LARGE", duck.ErrTooLarge)
	}
	return &failure{status: http.StatusInternalServerError, code: "General_InternalServerError", message: "An unexpected error occurred.",
		exception: "Kusto.Data.Exceptions.KustoServiceException", kind: "80DA0000", reason: "E_QUERY_FAILED", logsCode: "EngineError", detail: err.Error(), transient: true}
}

func limits(kind, reason string, err error) *failure {
	return &failure{status: http.StatusBadRequest, code: "LimitsExceeded", message: invalidRequest,
		exception: "Kusto.Data.Exceptions.KustoServicePartialQueryFailureLimitsExceededException", kind: kind, reason: reason, logsCode: "EngineError",
		detail: fmt.Sprintf("Query execution has exceeded the allowed limits (%s): %v (%s, 0x%s).", kind, err, reason, kind)}
}

// codes are Kusto's numbers for what can be wrong with a query; what only this
// engine cannot do has a word of ours.
var codes = map[syntax.Code]string{syntax.CodeSyntax: "SYN0002", syntax.CodeSemantics: "SEM0100", syntax.CodeUnsupported: "UNSUPPORTED"}

// refused is a query that cannot be run, by its first mistake.
func refused(ds syntax.Diagnostics) *failure {
	f := &failure{status: http.StatusBadRequest, code: "General_BadRequest", message: invalidRequest, logsCode: "BadArgumentError", diagnostics: ds}
	kind := "Semantic error"
	f.exception = "Kusto.Data.Exceptions.SemanticException"
	if f.syntactic() {
		kind = "Syntax error"
		f.exception = "Kusto.Data.Exceptions.SyntaxException"
	}
	f.detail = kind + ": " + f.number() + ": " + ds.Error()
	return f
}

// syntactic tells a text that is no query from one that means nothing.
func (f *failure) syntactic() bool { return f.first().Code == syntax.CodeSyntax }

// number is the code of the query's first mistake.
func (f *failure) number() string { return codes[f.first().Code] }

// first is the first mistake that is no mere warning.
func (f *failure) first() syntax.Diagnostic {
	for _, d := range f.diagnostics {
		if d.Severity == syntax.Error {
			return d
		}
	}
	return syntax.Diagnostic{}
}
