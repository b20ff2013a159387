package control

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

// TraceOptions select what GET /v1/trace sends.
type TraceOptions struct {
	Filter flow.Filter
	// Table is a table's name; "all" is every table. Empty is what tells a
	// story step by step: all but Connection, whose rows sum it up, and of
	// AZFWNetworkRule only what no row of AZFWFlowTrace tells, the first packets
	// of UDP, ICMP and the like.
	Table string
	// Last is how many remembered events come first; negative is all.
	Last int
	// Follow goes on with new events until the client leaves.
	Follow bool
	// Mark asks, with Follow, for a notice between what is remembered and what
	// is new. A firewall of an older version does not send it.
	Mark      bool
	AzureOnly bool
}

func (o TraceOptions) query() url.Values {
	v := url.Values{"filter": {o.Filter.String()}, "last": {strconv.Itoa(o.Last)}}
	if o.Table != "" {
		v.Set("table", o.Table)
	}
	if o.Follow {
		v.Set("follow", "true")
	}
	if o.Mark {
		v.Set("mark", "true")
	}
	if o.AzureOnly {
		v.Set("azureOnly", "true")
	}
	return v
}

func parseTraceOptions(v url.Values) (TraceOptions, error) {
	o := TraceOptions{Table: v.Get("table"), Follow: v.Get("follow") == "true", Mark: v.Get("mark") == "true", AzureOnly: v.Get("azureOnly") == "true"}
	var err error
	if o.Filter, err = flow.ParseFilter([]string{v.Get("filter")}); err != nil {
		return o, err
	}
	if last := v.Get("last"); last != "" {
		if o.Last, err = strconv.Atoi(last); err != nil {
			return o, fmt.Errorf("last=%q is not a number", last)
		}
	}
	if _, known := logs.Lookup(o.Table); o.Table != "" && o.Table != "all" && !known {
		return o, fmt.Errorf("unknown table %q", o.Table)
	}
	return o, nil
}

func (o TraceOptions) wants(r logs.Row) bool {
	switch o.Table {
	case "all":
		return true
	case "":
		return r.Table() != logs.Connection && !r.Repeats()
	}
	return r.Table().Name == o.Table
}

func (s *Server) trace(w http.ResponseWriter, r *http.Request) {
	o, err := parseTraceOptions(r.URL.Query())
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	out := &traceWriter{options: o, subset: logs.Subset{AzureOnly: o.AzureOnly}, w: w}
	if !o.Follow {
		out.send(s.fw.Recent(o.Last, out.keeps))
		return
	}
	recent, follower := s.fw.Follow(o.Last, out.keeps)
	defer follower.Close()
	out.send(recent)
	if o.Mark {
		tell(w, Notice{Remembered: &Remembered{Since: out.oldest}})
	}
	// The header at once: a follower of a silent firewall knows it is there.
	_ = http.NewResponseController(w).Flush()
	out.follow(r, follower)
}

// traceWriter writes entries as lines.
type traceWriter struct {
	options TraceOptions
	subset  logs.Subset
	w       http.ResponseWriter
	buf     []byte
	oldest  time.Time // of the entries that keeps was asked about
}

// keeps reports whether an entry has a row to send. It is asked about the newest
// first, so the last one is as far back as anybody looked.
func (t *traceWriter) keeps(e firewall.Entry) bool {
	if len(e.Rows) > 0 {
		t.oldest = e.Rows[0].Time()
	}
	return e.Matches(&t.options.Filter) && slices.ContainsFunc(e.Rows, func(r logs.Row) bool {
		return t.options.wants(r) && t.subset.Keeps(r)
	})
}

func (t *traceWriter) send(entries []firewall.Entry) {
	t.buf = t.buf[:0]
	for _, e := range entries {
		if !e.Matches(&t.options.Filter) {
			continue
		}
		for _, row := range e.Rows {
			if t.options.wants(row) {
				t.buf = t.subset.AppendLines(t.buf, []logs.Row{row})
			}
		}
	}
	// An error means that the client left, which follow notices.
	_, _ = t.w.Write(t.buf)
}

func (t *traceWriter) follow(r *http.Request, f *firewall.Follower) {
	flusher := http.NewResponseController(t.w)
	for {
		select {
		case <-r.Context().Done():
			return
		case e, ok := <-f.Entries:
			if !ok {
				return
			}
			t.send(append([]firewall.Entry{e}, waiting(f)...))
			tellMissed(t.w, f.Missed())
			_ = flusher.Flush()
		}
	}
}

// waiting takes what is there already, so that a burst is one write.
func waiting(f *firewall.Follower) []firewall.Entry {
	var out []firewall.Entry
	for len(out) < 512 {
		select {
		case e, ok := <-f.Entries:
			if !ok {
				return out
			}
			out = append(out, e)
		default:
			return out
		}
	}
	return out
}
