package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/kql/duck"
)

// call is one Kusto request on its way.
type call struct {
	kustoRequest
	options
	w  http.ResponseWriter
	r  *http.Request
	id identifiers
	// begin is when the request came.
	begin time.Time
}

// identifiers are what a request is found by in logs.
type identifiers struct{ client, activity string }

// kusto reads a request, refuses what is wrong with it, and has it answered.
func (s *server) kusto(answer func(c *call) *failure) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r, begin: time.Now(), id: identifiers{clientRequestID(r), guid()}}
		w.Header().Set("x-ms-activity-id", c.id.activity)
		if c.id.client != "" {
			w.Header().Set("x-ms-client-request-id", c.id.client)
		}
		if f := s.run(c, answer); f != nil {
			writeKustoError(w, f, c)
		}
	}
}

func (s *server) run(c *call, answer func(c *call) *failure) (f *failure) {
	if c.kustoRequest, f = readKusto(c.r); f != nil {
		return f
	}
	if c.options, f = readOptions(c.Properties.Options); f != nil {
		return f
	}
	if c.DB != "" && !strings.EqualFold(c.DB, s.ws.Name()) && c.DB != defaultDatabase {
		return notFound("Database", c.DB)
	}
	if strings.TrimSpace(c.CSL) == "" {
		return badRequest("the request has no query text (csl)")
	}
	ctx, cancel := context.WithTimeoutCause(c.r.Context(), c.timeout, duck.ErrTimeout)
	defer cancel()
	c.r = c.r.WithContext(ctx)
	return answer(c)
}

// defaultDatabase is what Kusto's clients name where nobody named a database.
const defaultDatabase = "NetDefaultDB"

// command tells a command from a query: it begins with a point, behind blanks
// and comments.
func command(text string) bool { return commandStart.MatchString(text) }

var commandStart = regexp.MustCompile(`^(\s|//[^\n]*(\n|$))*\.`)

// query runs the request's text and has its rows written in a form.
func (s *server) query(c *call, write func(b *body) form) *failure {
	answer, err := s.ws.Query(c.r.Context(), Query{Text: c.CSL, From: c.from, To: c.to, Now: c.now, Parameters: parameters(c.Properties.Parameters)})
	if err != nil {
		return explain(err)
	}
	return c.stream(answer, write)
}

// stream writes an answer's rows in a form.
func (c *call) stream(answer *kql.Answer, write func(b *body) form) *failure {
	defer answer.Rows.Close() // also where writing panics: it holds memory, and a turn
	rows, f := count(answer, c.bounds)
	if f != nil {
		return f
	}
	b := newBody(c.w, c.r)
	defer b.close()
	out := write(b)
	out.begin(answer)
	rows.write(out)
	return nil
}

func (s *server) queryV1(c *call) *failure {
	if command(c.CSL) {
		return s.mgmt(c)
	}
	return s.query(c, func(b *body) form { return &formV1{body: b, call: c} })
}

func (s *server) queryV2(c *call) *failure {
	if command(c.CSL) {
		return badRequest("Control commands (starting with a dot '.') do not support api_version=v2; send them to /v1/rest/mgmt")
	}
	if c.fragments {
		return s.query(c, func(b *body) form { return &fragmented{formV2: formV2{body: b, call: c}} })
	}
	return s.query(c, func(b *body) form { return &plain{formV2{body: b, call: c}} })
}

// guid makes a random GUID, version 4.
func guid() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
