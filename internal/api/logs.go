package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/kql/duck"
)

// Log Analytics' times for a query.
const (
	logsTimeout        = 3 * time.Minute
	logsLongestTimeout = 10 * time.Minute
)

// logsRequest is what a Log Analytics client sends.
type logsRequest struct {
	Query      string   `json:"query"`
	Timespan   string   `json:"timespan"`
	Workspaces []string `json:"workspaces"`
}

// preferences are what the header Prefer asks for.
type preferences struct {
	wait               time.Duration
	statistics, render bool
}

// logsWorkspace answers for all firewalls.
func (s *server) logsWorkspace(w http.ResponseWriter, r *http.Request) {
	f := s.known(r.PathValue("id"))
	if f == nil {
		f = s.logs(w, r, "")
	}
	if f != nil {
		writeLogsError(w, f)
	}
}

// logsResource answers for one firewall, or for the firewalls of a resource
// group or a subscription.
func (s *server) logsResource(w http.ResponseWriter, r *http.Request) {
	id, ok := strings.CutSuffix(r.PathValue("resource"), "/query")
	f := pathNotFound(r.URL.Path)
	if id = strings.Trim(strings.ToLower(id), "/"); ok && strings.HasPrefix(id, "subscriptions/") {
		f = s.logs(w, r, "/"+id)
	}
	if f != nil {
		writeLogsError(w, f)
	}
}

// known refuses another workspace than ours.
func (s *server) known(id string) *failure {
	if strings.EqualFold(id, s.ws.ID()) || strings.EqualFold(id, s.ws.Name()) {
		return nil
	}
	f := badRequest("there is no workspace %q here; this one is %s (%s)", id, s.ws.ID(), s.ws.Name())
	f.logsCode = "FailedToResolveResource"
	return f
}

// logs reads a request of either method and answers it.
func (s *server) logs(w http.ResponseWriter, r *http.Request, resource string) *failure {
	q, f := readLogs(r)
	if f != nil {
		return f
	}
	prefer, f := readPrefer(r.Header.Values("Prefer"))
	if f != nil {
		return f
	}
	a, f := s.ask(r.Context(), q, prefer, resource)
	if f != nil {
		return f
	}
	defer a.cancel()
	b := newBody(w, r)
	defer b.close()
	a.write(b)
	return nil
}

func readLogs(r *http.Request) (logsRequest, *failure) {
	if r.Method == http.MethodGet {
		v := r.URL.Query()
		q := logsRequest{Query: v.Get("query"), Timespan: v.Get("timespan")}
		if list := v.Get("workspaces"); list != "" {
			q.Workspaces = strings.Split(list, ",")
		}
		return q, nil
	}
	var q logsRequest
	data, f := readBody(r)
	if f != nil {
		return q, f
	}
	if err := decode(data, &q); err != nil {
		return q, badRequest("the request's body is not JSON of the form {\"query\": …}: %v", err)
	}
	return q, nil
}

// readPrefer reads the header Prefer: wait=SECONDS, include-statistics=true,
// include-render=true, with commas between. Others are ignored, as HTTP has it.
func readPrefer(headers []string) (preferences, *failure) {
	p := preferences{wait: logsTimeout}
	for _, item := range strings.Split(strings.Join(headers, ","), ",") {
		name, v, _ := strings.Cut(strings.TrimSpace(item), "=")
		switch on := strings.EqualFold(v, "true"); strings.ToLower(name) {
		case "include-statistics":
			p.statistics = on
		case "include-render":
			p.render = on
		case "wait":
			n, err := strconv.Atoi(v)
			if err != nil || n <= 0 {
				return p, badRequest("the header Prefer asks for wait=%s, which is not a number of seconds", v)
			}
			p.wait = min(time.Duration(min(n, 3600))*time.Second, logsLongestTimeout)
		}
	}
	return p, nil
}

// ask runs a query, up to its first row. Whoever writes the answer cancels it.
func (s *server) ask(ctx context.Context, q logsRequest, prefer preferences, resource string) (_ *logsAnswer, f *failure) {
	for _, id := range q.Workspaces {
		if f := s.known(id); f != nil {
			return nil, f
		}
	}
	if strings.TrimSpace(q.Query) == "" {
		return nil, badRequest("the request has no query")
	}
	from, to, err := parseTimespan(q.Timespan, time.Now())
	if err != nil {
		return nil, badRequest("%v", err)
	}
	a := &logsAnswer{prefer: prefer, begin: time.Now()}
	ctx, a.cancel = context.WithTimeoutCause(ctx, prefer.wait, duck.ErrTimeout)
	defer func() {
		if f != nil {
			a.cancel()
		}
	}()
	a.answer, err = s.ws.Query(ctx, Query{Text: q.Query, Resource: resource, From: from, To: to})
	if err != nil {
		return nil, explain(err)
	}
	a.rows, f = count(a.answer, bounds{defaultRecords, defaultBytes, -1})
	if f != nil {
		return nil, f
	}
	a.rows.dynamicText = true
	return a, nil
}
