package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/store/storetest"
	"github.com/sekisho/sekisho/internal/workspace"
)

// TestStoredRowsGoOnLive has rows 0 to 29 stored; the firewall remembers those
// from 20 on and records up to 49.
func TestStoredRowsGoOnLive(t *testing.T) {
	t.Parallel()
	folder := storedFolder(t)
	reader, err := workspace.OpenFolder(t.Context(), folder, workspace.Reading{Timeout: time.Minute})
	if err != nil {
		t.Fatalf("OpenFolder() error:\n%+v", err)
	}
	defer reader.Close()
	a := storetest.NewFirewall("fw-a")
	lines := make(chan traceLine)
	pump := newPump(lines, nil)
	send := func(rows []logs.Row) {
		for _, r := range rows {
			raw := logs.AppendJSON(nil, r, false)
			record, _, err := control.ParseTraceLine(raw)
			if err != nil {
				t.Error(err)
			}
			lines <- traceLine{firewall: "lab-fw-a", record: record, raw: raw}
		}
	}
	send(a.Trace(lastTuesday.Add(20*time.Second), time.Second, 20, 15))
	go func() {
		send(a.Trace(lastTuesday.Add(30*time.Second), time.Second, 30, 20)) // begins with some again
		send(a.Others(lastTuesday)[:1])                                     // is stored, and older
		send(a.Trace(lastTuesday, time.Second, 0, 10))                      // remembered, older than asked for
		close(lines)
	}()
	st := &storedTrace{asker: reader, from: lastTuesday.Add(10 * time.Second), seen: map[string]bool{},
		options: control.TraceOptions{Table: "AZFWFlowTrace", Last: -1}, output: "jsonl"}
	st.options.Filter.Firewalls = []string{"fw-a"}
	var out bytes.Buffer
	if err := st.join(t.Context(), pump, linesOutput{&out}, nil); err != nil {
		t.Fatalf("join() error:\n%+v", err)
	}
	var got []string
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		record, _, err := control.ParseTraceLine([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if record.Table() == logs.FlowTrace {
			got = append(got, fmt.Sprint(record.Time().Sub(lastTuesday).Seconds()))
		}
	}
	var want []string
	for i := 10; i < 50; i++ {
		want = append(want, fmt.Sprint(i))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("seconds of the rows (-want +got):\n%s", diff)
	}
}

// TestAFreshWorkspaceIsNotWaitedFor has a firewall remember a row of which the
// workspace has no newer one, as where nothing passes it.
func TestAFreshWorkspaceIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	reader, err := workspace.OpenFolder(t.Context(), storedFolder(t), workspace.Reading{Timeout: time.Minute})
	if err != nil {
		t.Fatalf("OpenFolder() error:\n%+v", err)
	}
	defer reader.Close()
	a := storetest.NewFirewall("fw-a")
	rows := a.Trace(lastTuesday.Add(time.Hour), time.Second, 900, 1)
	for fresh, want := range map[string]bool{a.Source.ResourceID: true, "/another": false} {
		record, _, err := control.ParseTraceLine(logs.AppendJSON(nil, rows[0], false))
		if err != nil {
			t.Fatal(err)
		}
		pump := &pump{lines: []traceLine{{record: record}}}
		st := &storedTrace{asker: reader, from: lastTuesday, seen: map[string]bool{}, warn: io.Discard}
		begin := time.Now()
		if err := st.untilMet(t.Context(), pump, []string{fresh}); err != nil {
			t.Fatalf("untilMet() error:\n%+v", err)
		}
		if got := time.Since(begin) < settleTime; got != want {
			t.Errorf("fresh %s: did not wait is %v, want %v", fresh, got, want)
		}
	}
}

// Whoever follows for days must not remember every row.
func TestLiveRowsAreNotRemembered(t *testing.T) {
	t.Parallel()
	a := storetest.NewFirewall("fw-a")
	st := &storedTrace{seen: map[string]bool{}, read: lastTuesday.Add(10 * time.Second)}
	for i, r := range a.Trace(lastTuesday, time.Second, 0, 30) {
		record, _, err := control.ParseTraceLine(logs.AppendJSON(nil, r, false))
		if err != nil {
			t.Fatal(err)
		}
		if stored := i <= 10; !st.isNew(record) || st.isNew(record) == stored {
			t.Errorf("row %d: is new once and then not: want %v", i, stored)
		}
	}
	if len(st.seen) != 11 {
		t.Errorf("%d rows are remembered, want 11", len(st.seen))
	}
}

// The one workspace that runs is asked for its newest rows, named or not.
func TestWhoIsAskedForItsNewestRows(t *testing.T) {
	t.Parallel()
	client := workspace.NewClient("/run/sekisho/workspaces/hub.sock")
	for _, c := range []struct {
		asker workspace.Asker
		want  *workspace.Client
	}{{client, client}, {unnamed{client: client}, client}, {unnamed{why: workspace.ErrNotRunning}, nil}, {&workspace.Reader{}, nil}} {
		if got := clientOf(c.asker); got != c.want {
			t.Errorf("%T: %v, want %v", c.asker, got, c.want)
		}
	}
}
