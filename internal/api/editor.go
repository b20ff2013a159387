package api

import (
	"net/http"

	"github.com/sekisho/sekisho/internal/kql/catalog"
	"github.com/sekisho/sekisho/internal/kql/editor"
)

// editRequest is what an editor sends: the text, and where its cursor is, in
// UTF-16 code units.
type editRequest struct {
	Text   string `json:"text"`
	Offset int    `json:"offset"`
}

// edit answers an editor. Nothing is run: only names and types are looked at.
func (s *server) edit(answer func(s *server, r *http.Request, q editRequest, c catalog.Catalog) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q editRequest
		if r.Method == http.MethodPost {
			data, f := readBody(r)
			if f == nil && decode(data, &q) != nil {
				f = badRequest("the request's body is not JSON of the form {\"text\": …, \"offset\": …}")
			}
			if f != nil {
				writeLogsError(w, f)
				return
			}
		}
		tables, err := s.ws.Tables(r.Context())
		if err != nil {
			writeLogsError(w, explain(err))
			return
		}
		writeJSON(w, answer(s, r, q, catalogOf(tables)))
	}
}

func describe(s *server, _ *http.Request, _ editRequest, c catalog.Catalog) any {
	return editor.Describe(c, s.ws.Name())
}

func lint(_ *server, r *http.Request, q editRequest, c catalog.Catalog) any {
	return map[string]any{"markers": editor.Lint(r.Context(), q.Text, c)}
}

func complete(_ *server, r *http.Request, q editRequest, c catalog.Catalog) any {
	return editor.Complete(r.Context(), q.Text, q.Offset, c)
}

// catalogOf is the catalog of tables, for what looks at names and types only.
func catalogOf(tables []Table) catalog.Catalog {
	out := catalog.Static{}
	for _, t := range tables {
		known := &catalog.Table{Name: t.Name, Doc: t.Doc}
		for _, c := range t.Columns {
			known.Columns = append(known.Columns, catalog.Column{Name: c.Name, Type: c.Type, Doc: c.Doc})
		}
		out[t.Name] = known
	}
	return out
}
