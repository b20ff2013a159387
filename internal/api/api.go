// Package api answers over HTTP what is asked of a workspace, in the protocols
// of Azure's own services, so that the clients that people have work unchanged.
//
//	POST /v1/rest/query         Kusto, tables of version 1 (GET too)
//	POST /v1/rest/mgmt          Kusto's commands: the .show family
//	POST /v2/rest/query         Kusto, frames of version 2 (GET too)
//	GET  /v1/rest/auth/metadata what Kusto's clients ask first, without a token
//	POST /v1/workspaces/{id}/query   Log Analytics (GET too)
//	POST /v1/{resource id}/query     Log Analytics, the rows of one firewall
//	POST /v1/$batch                  Log Analytics, several queries
//	GET  /v1/editor/schema           for an editor; POST lint, complete
//	GET  /v1/identity/token          the token, as Azure's managed identities hand it out
//
// A request goes through guard.go (who may ask), then through one of kusto.go,
// mgmt.go or logs.go, which read it; the workspace answers with rows; stream.go
// counts them against the limits and hands them, one at a time, to the form in
// which the client wants them: kusto_v1.go, kusto_v2.go or logs_form.go. No form
// holds more than the rows of one piece, so the size of an answer costs no memory.
//
// What cannot be done is a failure (failure.go), which each protocol writes in
// its own way, also in the middle of rows.
package api

import (
	"log/slog"
	"net/http"

	"github.com/sekisho/sekisho/internal/api/token"
)

// Config is what a handler needs.
type Config struct {
	Workspace Workspace
	// Tokens are what requests must carry. Requests over a Unix socket need
	// none: who may open it is decided by its file's permissions.
	Tokens *token.Tokens
	// AnonymousLoopback lets requests over loopback go without a token.
	AnonymousLoopback bool
	// Hosts are the names, without port, under which clients reach this
	// server; loopback's are always among them.
	Hosts []string
	// Version is told by .show version.
	Version string
	// Log takes a line for each request; nil is silence.
	Log *slog.Logger
}

// server answers for one workspace.
type server struct {
	Config
	ws Workspace
}

// New makes the handler of a workspace's API.
func New(cfg Config) http.Handler {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &server{Config: cfg, ws: cfg.Workspace}
	return s.recorded(s.guarded(s.routes()))
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+metadataPath, s.metadata)
	mux.HandleFunc("GET "+identityPath, s.identity)
	for _, method := range []string{"GET ", "POST "} {
		mux.HandleFunc(method+"/v1/rest/query", s.kusto(s.queryV1))
		mux.HandleFunc(method+"/v2/rest/query", s.kusto(s.queryV2))
		mux.HandleFunc(method+"/v1/workspaces/{id}/query", s.logsWorkspace)
		mux.HandleFunc(method+"/v1/{resource...}", s.logsResource)
	}
	mux.HandleFunc("POST /v1/rest/mgmt", s.kusto(s.mgmt))
	mux.HandleFunc("POST /v1/$batch", s.logsBatch)
	mux.HandleFunc("GET /v1/editor/schema", s.edit(describe))
	mux.HandleFunc("POST /v1/editor/lint", s.edit(lint))
	mux.HandleFunc("POST /v1/editor/complete", s.edit(complete))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeLogsError(w, pathNotFound(r.URL.Path))
	})
	return mux
}
