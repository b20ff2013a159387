package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/kql"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// joint is where stored rows and those of a firewall meet. Row n happened n
// seconds after the beginning. Rows 0 to 29 are stored; a segment with 30 to 44
// comes once somebody has asked the workspace.
type joint struct {
	begin     time.Time
	a         *storetest.Firewall
	st        *storedTrace
	out, warn lockedBuffer
}

func newJoint(t *testing.T, wait time.Duration) *joint {
	t.Helper()
	w, err := workspace.Open(t.Context(), workspace.Config{Name: "hub", Folder: t.TempDir()}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("Open() error:\n%+v", err)
	}
	t.Cleanup(func() { w.Close() })
	j := &joint{begin: time.Now().Add(-time.Hour).Truncate(time.Second), a: storetest.NewFirewall("fw-a")}
	spool := t.TempDir()
	takeInto(t, w, j.a.Close(t, spool, j.rows(0, 29)))
	late := j.a.Close(t, spool, j.rows(30, 44))
	asker := &latecomer{Asker: w, come: sync.OnceFunc(func() { takeInto(t, w, late) })}
	j.st = &storedTrace{asker: asker, from: j.begin, seen: map[string]bool{}, output: "jsonl", warn: &j.warn, wait: wait,
		options: control.TraceOptions{Table: logs.FlowTrace.Name, Last: -1, Follow: true}}
	return j
}

// latecomer gets a segment right after the first question.
type latecomer struct {
	workspace.Asker
	come func()
}

func (l *latecomer) Query(ctx context.Context, q store.Query) (*kql.Answer, error) {
	defer l.come()
	return l.Asker.Query(ctx, q)
}

func (j *joint) at(second int) time.Time { return j.begin.Add(time.Duration(second) * time.Second) }

func (j *joint) rows(first, last int) []logs.Row {
	return j.a.Trace(j.at(first), time.Second, uint32(first), last-first+1)
}

// seconds are those of the rows that were printed.
func (j *joint) seconds(t *testing.T) (got []int) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(j.out.String()), "\n") {
		record, _, err := control.ParseTraceLine([]byte(line))
		if err != nil {
			t.Fatalf("it printed %s, which is no row: %v", line, err)
		}
		got = append(got, int(record.Time().Sub(j.begin).Seconds()))
	}
	return got
}

// playing writes a stream as a firewall would, each piece at once.
type playing struct {
	t *testing.T
	http.ResponseWriter
}

func (p playing) flush() {
	if err := http.NewResponseController(p.ResponseWriter).Flush(); err != nil {
		p.t.Log(err) // who asked has left
	}
}

func (p playing) send(rows []logs.Row) {
	_, _ = p.Write(logs.Subset{}.AppendLines(nil, rows))
	p.flush()
}

func (p playing) mark(since time.Time) {
	if err := json.NewEncoder(p).Encode(control.Notice{Remembered: &control.Remembered{Since: since}}); err != nil {
		p.t.Error(err)
	}
	p.flush()
}

// playFirewall is the control socket of a firewall that answers as play does. Its
// id leads to the test's own folder, where no other command finds it.
func playFirewall(t *testing.T, name string, play func(p playing, r *http.Request)) firewall.Status {
	t.Helper()
	socket := filepath.Join(t.TempDir(), name+".sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { play(playing{t, w}, r) })}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return statusAt(t, name, socket)
}

func statusAt(t *testing.T, name, socket string) firewall.Status {
	t.Helper()
	id, err := filepath.Rel(control.Folder, strings.TrimSuffix(socket, ".sock"))
	if err != nil {
		t.Fatal(err)
	}
	return firewall.Status{Name: name, ID: id, ResourceID: logs.DefaultResourceID("lab", name)}
}
