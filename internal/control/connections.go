package control

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// ConnectionOptions select what GET /v1/connections sends: rows of the table
// Connection, of each connection the newest.
type ConnectionOptions struct {
	Filter flow.Filter
	// Outcomes are those that are wanted; all if empty.
	Outcomes []flow.Outcome
	// Open leaves out connections that have ended.
	Open bool
	// Last is how many come first; negative is all that are remembered.
	Last int
	// Follow goes on with rows as they are told, until the client leaves.
	Follow bool
}

func (o ConnectionOptions) query() url.Values {
	v := url.Values{"filter": {o.Filter.String()}, "last": {strconv.Itoa(o.Last)}}
	if len(o.Outcomes) > 0 {
		words := make([]string, len(o.Outcomes))
		for i, outcome := range o.Outcomes {
			words[i] = string(outcome)
		}
		v.Set("outcome", strings.Join(words, ","))
	}
	if o.Open {
		v.Set("open", "true")
	}
	if o.Follow {
		v.Set("follow", "true")
	}
	return v
}

func parseConnectionOptions(v url.Values) (ConnectionOptions, error) {
	o := ConnectionOptions{Open: v.Get("open") == "true", Follow: v.Get("follow") == "true"}
	var err error
	if o.Filter, err = flow.ParseFilter([]string{v.Get("filter")}); err != nil {
		return o, err
	}
	if o.Outcomes, err = ParseOutcomes(v.Get("outcome")); err != nil {
		return o, err
	}
	if last := v.Get("last"); last != "" {
		if o.Last, err = strconv.Atoi(last); err != nil {
			return o, fmt.Errorf("last=%q is not a number", last)
		}
	}
	return o, nil
}

// ParseOutcomes reads outcomes with commas between; none for the empty string.
func ParseOutcomes(text string) ([]flow.Outcome, error) {
	if text == "" {
		return nil, nil
	}
	var list []flow.Outcome
	for _, word := range strings.Split(text, ",") {
		outcome := flow.Outcome(strings.ToLower(strings.TrimSpace(word)))
		if !slices.Contains(flow.Outcomes(), outcome) {
			return nil, fmt.Errorf("outcome %q: the outcomes are %s", word, outcomeList())
		}
		list = append(list, outcome)
	}
	return list, nil
}

func outcomeList() string {
	var words []string
	for _, o := range flow.Outcomes() {
		words = append(words, string(o))
	}
	return strings.Join(words, ", ")
}

// Keeps reports whether a connection is wanted.
func (o *ConnectionOptions) Keeps(c *flow.Connection) bool {
	return o.Filter.MatchConnection(c) && (!o.Open || c.End == flow.EndNone) &&
		(len(o.Outcomes) == 0 || slices.Contains(o.Outcomes, c.Verdict.Outcome))
}

func (s *Server) connections(w http.ResponseWriter, r *http.Request) {
	o, err := parseConnectionOptions(r.URL.Query())
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := &connectionWriter{options: o, source: s.fw.Source(), w: w}
	if !o.Follow {
		out.send(newestConnections(s.fw, &o))
		return
	}
	// Following begins before the snapshot: what is told in between comes
	// twice rather than never.
	_, follower := s.fw.Follow(0, func(firewall.Entry) bool { return false })
	defer follower.Close()
	out.send(newestConnections(s.fw, &o))
	_ = http.NewResponseController(w).Flush()
	out.follow(r.Context(), follower)
}

// newestConnections are those that ended lately and those that have not, the
// newest ones of both, in the order in which they began.
func newestConnections(fw *firewall.Firewall, o *ConnectionOptions) []flow.Connection {
	if o.Last == 0 {
		return nil
	}
	most := o.Last
	if most < 0 {
		most = maxConnections
	}
	rows := fw.OpenConnections(most, o.Keeps)
	type name struct {
		tuple flow.Tuple
		first time.Time
	}
	open := map[name]bool{}
	for i := range rows {
		open[name{rows[i].Tuple, rows[i].First}] = true
	}
	rows = append(rows, fw.ToldConnections(most, func(c *flow.Connection) bool {
		return o.Keeps(c) && !open[name{c.Tuple, c.First}]
	})...)
	slices.SortStableFunc(rows, func(a, b flow.Connection) int { return b.Last.Compare(a.Last) })
	rows = rows[:min(len(rows), most)]
	slices.SortStableFunc(rows, func(a, b flow.Connection) int {
		return cmp.Or(a.First.Compare(b.First), a.Tuple.Source.Compare(b.Tuple.Source))
	})
	return rows
}

// maxConnections is more than a firewall remembers.
const maxConnections = 1 << 30

// connectionWriter writes connections as lines.
type connectionWriter struct {
	options ConnectionOptions
	source  *logs.Source
	w       http.ResponseWriter
	buf     []byte
}

func (out *connectionWriter) send(rows []flow.Connection) {
	out.buf = out.buf[:0]
	for i := range rows {
		out.buf = append(logs.AppendJSON(out.buf, logs.ConnectionRow(&rows[i], out.source), false), '\n')
	}
	// An error means that the client left, which follow notices.
	_, _ = out.w.Write(out.buf)
}

func (out *connectionWriter) follow(ctx context.Context, f *firewall.Follower) {
	flusher := http.NewResponseController(out.w)
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-f.Entries:
			if !ok {
				return
			}
			var rows []flow.Connection
			for _, e := range append([]firewall.Entry{e}, waiting(f)...) {
				if e.Connection != nil && out.options.Keeps(e.Connection) {
					rows = append(rows, *e.Connection)
				}
			}
			missed := f.Missed()
			if len(rows) == 0 && missed == 0 {
				continue
			}
			out.send(rows)
			tellMissed(out.w, missed)
			_ = flusher.Flush()
		}
	}
}

// Connections is Trace for connections: line is called for each row of the
// table Connection.
func (c *Client) Connections(ctx context.Context, o ConnectionOptions, ready func(), line func([]byte) error) error {
	return c.lines(ctx, "/v1/connections", o.query(), ready, line)
}
