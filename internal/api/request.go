package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// kustoRequest is what a Kusto client sends.
type kustoRequest struct {
	DB         string     `json:"db"`
	CSL        string     `json:"csl"`
	Properties properties `json:"properties"`
}

// properties are a request's options and query parameters.
type properties struct {
	Options    map[string]any `json:"Options"`
	Parameters map[string]any `json:"Parameters"`
}

// UnmarshalJSON reads properties, which some clients send as text that holds
// JSON.
func (p *properties) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		if data = []byte(text); text == "" {
			return nil
		}
	}
	type plain properties
	return decode(data, (*plain)(p))
}

// decode reads JSON, keeping numbers exactly.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}

// readKusto reads a request of either method: POST has JSON in its body, GET has
// db, csl and properties in its query string.
func readKusto(r *http.Request) (kustoRequest, *failure) {
	var q kustoRequest
	if r.Method == http.MethodGet {
		v := r.URL.Query()
		q.DB, q.CSL = v.Get("db"), v.Get("csl")
		if p := v.Get("properties"); p != "" {
			if err := q.Properties.UnmarshalJSON([]byte(p)); err != nil {
				return q, badRequest("the request's properties are not JSON: %v", err)
			}
		}
		return q, nil
	}
	data, f := readBody(r)
	if f != nil {
		return q, f
	}
	if err := decode(data, &q); err != nil {
		return q, badRequest("the request's body is not JSON of the form {\"db\": …, \"csl\": …}: %v", err)
	}
	return q, nil
}

// readBody reads a request's body, unpacked.
func readBody(r *http.Request) ([]byte, *failure) {
	in, f := unpacked(r)
	if f != nil {
		return nil, f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxBody+1))
	var large *http.MaxBytesError
	if errors.As(err, &large) || len(data) > maxBody {
		f := badRequest("the request's body is larger than %d bytes", maxBody)
		f.status = http.StatusRequestEntityTooLarge
		return nil, f
	}
	if err != nil {
		return nil, badRequest("the request's body cannot be read: %v", err)
	}
	return data, nil
}

// slowest is how long a client may take to send its request.
const slowest = time.Minute

// timedBody is a request's body that must have come before slowest is over. The
// connection has no deadline then: the query itself may take longer.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
	begun   bool
}

func (b *timedBody) Read(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		_ = b.control.SetReadDeadline(time.Now().Add(slowest)) // a recorder in a test has none
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// clientRequestID is the id that the client gave to its request.
func clientRequestID(r *http.Request) string {
	id := r.Header.Get("x-ms-client-request-id")
	if len(id) > 256 {
		id = id[:256]
	}
	return id
}

// paramType is a failure of one option.
func paramType(name string, v any, want string) *failure {
	return badRequest("the request's option %s is %s, which is not %s", name, fmt.Sprint(v), want)
}
