package api

import (
	"net/http"
	"strings"
)

// maxBatch is Log Analytics' limit for the queries of one request.
const maxBatch = 100

type batchRequest struct {
	Requests []batchQuery `json:"requests"`
}

type batchQuery struct {
	ID        string            `json:"id"`
	Headers   map[string]string `json:"headers"`
	Body      logsRequest       `json:"body"`
	Path      string            `json:"path"`
	Method    string            `json:"method"`
	Workspace string            `json:"workspace"`
}

// logsBatch answers several queries, one after the other, each with a status of
// its own.
func (s *server) logsBatch(w http.ResponseWriter, r *http.Request) {
	batch, f := readBatch(r)
	if f != nil {
		writeLogsError(w, f)
		return
	}
	b := newBody(w, r)
	defer b.close()
	b.WriteString(`{"responses":[`)
	for i, q := range batch.Requests {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(appendString([]byte(`{"id":`), q.ID))
		s.batched(b, r, q)
	}
	b.WriteString("]}")
}

func readBatch(r *http.Request) (batchRequest, *failure) {
	var batch batchRequest
	data, f := readBody(r)
	if f != nil {
		return batch, f
	}
	if err := decode(data, &batch); err != nil {
		return batch, badRequest("the request's body is not JSON of the form {\"requests\": […]}: %v", err)
	}
	if n := len(batch.Requests); n == 0 || n > maxBatch {
		return batch, badRequest("the request has %d queries; between 1 and %d are answered", n, maxBatch)
	}
	seen := map[string]bool{}
	for _, q := range batch.Requests {
		if q.ID == "" || seen[q.ID] {
			return batch, badRequest("each query of the request needs an id of its own; %q is none", q.ID)
		}
		seen[q.ID] = true
	}
	return batch, nil
}

// batched writes the rest of one response.
func (s *server) batched(b *body, r *http.Request, q batchQuery) {
	a, f := s.askBatched(r, q)
	if f != nil {
		b.Write(appendInt(nil, `,"status":`, int64(f.status)))
		b.WriteString(`,"headers":{},"body":{"error":`)
		b.Write(marshal(newLogsError(f)))
		b.WriteString("}}")
		return
	}
	defer a.cancel()
	b.WriteString(`,"status":200,"headers":{},"body":`)
	a.write(b)
	b.WriteString("}")
}

func (s *server) askBatched(r *http.Request, q batchQuery) (*logsAnswer, *failure) {
	if q.Path != "/query" || q.Method != "" && !strings.EqualFold(q.Method, "POST") {
		return nil, pathNotFound(q.Path)
	}
	if f := s.known(q.Workspace); f != nil {
		return nil, f
	}
	var wanted []string
	for name, v := range q.Headers {
		if strings.EqualFold(name, "Prefer") {
			wanted = append(wanted, v)
		}
	}
	prefer, f := readPrefer(wanted)
	if f != nil {
		return nil, f
	}
	return s.ask(r.Context(), q.Body, prefer, "")
}
