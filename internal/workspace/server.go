package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
)

// Prefix is that of the paths which the workspace's own commands use.
const Prefix = "/sekisho/v1/"

// mostText bounds a question; Kusto takes 2 MB.
const mostText = 4 << 20

// Handler answers the workspace's own commands, for its socket:
//
//	GET  /sekisho/v1/status     Status
//	GET  /sekisho/v1/tables     []TableSize
//	POST /sekisho/v1/query      rows, as JSON lines
//	POST /sekisho/v1/ingest     takes what is in the spool folders now
//
// Who may open the socket may ask. Nothing can be written here: rows come from
// spool folders.
func (w *Workspace) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Prefix+"status", func(rw http.ResponseWriter, _ *http.Request) { writeJSON(rw, w.Status()) })
	mux.HandleFunc("GET "+Prefix+"tables", w.serveTables)
	mux.HandleFunc("POST "+Prefix+"query", w.serveQuery)
	mux.HandleFunc("POST "+Prefix+"ingest", w.serveIngest)
	return mux
}

func (w *Workspace) serveTables(rw http.ResponseWriter, r *http.Request) {
	list, err := w.Tables(r.Context())
	if err != nil {
		refuse(rw, http.StatusInternalServerError, err)
		return
	}
	writeJSON(rw, list)
}

func (w *Workspace) serveQuery(rw http.ResponseWriter, r *http.Request) {
	var q question
	if err := json.NewDecoder(io.LimitReader(r.Body, mostText)).Decode(&q); err != nil {
		refuse(rw, http.StatusBadRequest, fmt.Errorf("read question: %w", err))
		return
	}
	ctx, stop := r.Context(), func() (told bool) { return false }
	if q.Progress {
		ctx, stop = tellProgress(ctx, rw, time.Tick(progressEvery))
	}
	a, err := w.Query(ctx, q.query())
	told := stop()
	var busy *Throttled
	switch {
	case err != nil && told: // the status was said before
		json.NewEncoder(rw).Encode(refusalOf(err))
		return
	case errors.As(err, &busy):
		refuse(rw, http.StatusTooManyRequests, err)
		return
	case err != nil:
		refuse(rw, http.StatusBadRequest, err)
		return
	}
	defer a.Rows.Close()
	writeAnswer(rw, a)
}

const jsonLines = "application/x-ndjson"

// writeAnswer streams rows. An error in their midst is told in the last line.
func writeAnswer(rw http.ResponseWriter, a *kql.Answer) {
	rw.Header().Set("Content-Type", jsonLines)
	cols := a.Rows.Columns()
	out := json.NewEncoder(rw)
	if out.Encode(headerOf(cols, a.Render, a.RenderWith)) != nil {
		return // nobody listens any more
	}
	var end trailer
	var line []byte
	for {
		row, err := a.Rows.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			line, err = encodeRow(line[:0], row, cols)
		}
		if err != nil {
			end.Error = err.Error()
			break
		}
		if _, err := rw.Write(line); err != nil {
			return
		}
		end.Rows++
	}
	out.Encode(end) //nolint:errchkjson // nobody listens any more, or all is told
}

func (w *Workspace) serveIngest(rw http.ResponseWriter, r *http.Request) {
	w.Ingest(r.Context())
	writeJSON(rw, struct{}{})
}

func writeJSON(rw http.ResponseWriter, v any) {
	rw.Header().Set("Content-Type", "application/json")
	json.NewEncoder(rw).Encode(v) // nobody listens any more, or all is told
}

func refuse(rw http.ResponseWriter, status int, err error) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	json.NewEncoder(rw).Encode(refusalOf(err))
}
