package main

import (
	"bytes"
	"fmt"
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
	reader, err := workspace.OpenFolder(t.Context(), folder, time.Minute)
	if err != nil {
		t.Fatalf("OpenFolder() error:\n%+v", err)
	}
	defer reader.Close()
	a := storetest.NewFirewall("fw-a")
	lines := make(chan traceLine)
	pump := newPump(lines)
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
		close(lines)
	}()
	st := &storedTrace{asker: reader, from: lastTuesday.Add(10 * time.Second), seen: map[string]bool{},
		options: control.TraceOptions{Table: "AZFWFlowTrace"}, output: "jsonl"}
	st.options.Filter.Firewalls = []string{"fw-a"}
	var out bytes.Buffer
	if err := st.join(t.Context(), pump, linesOutput{&out}); err != nil {
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
