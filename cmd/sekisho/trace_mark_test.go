package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/control"
	"github.com/sekisho/sekisho/internal/firewall"
	"github.com/sekisho/sekisho/internal/logs"
)

// The workspace has rows up to 29 and those up to 44 a moment later, which is
// waited for only where it is known since when the firewall remembers.
func TestNoRowIsMissingBetweenStoredAndLive(t *testing.T) {
	t.Parallel()
	const soon, never = 200 * time.Millisecond, time.Hour
	for _, c := range []struct {
		name         string
		wait         time.Duration
		play         func(j *joint, p playing)
		last         int // of the rows that are printed, from 0 on
		warns, fails string
	}{
		{name: "a first row that takes its time", wait: never, last: 49, play: func(j *joint, p playing) {
			p.flush()
			time.Sleep(300 * time.Millisecond)
			p.send(j.rows(40, 49))
			p.mark(j.at(40))
		}},
		{name: "nothing that is remembered passes", wait: never, last: 44, play: func(j *joint, p playing) {
			p.mark(j.at(40))
		}},
		{name: "only new rows pass", wait: never, last: 49, play: func(j *joint, p playing) {
			p.mark(j.at(40))
			p.send(j.rows(45, 49))
		}},
		{name: "nothing is remembered", wait: never, last: 29, play: func(j *joint, p playing) {
			p.mark(time.Time{})
		}},
		{name: "all is remembered", wait: never, last: 29, play: func(j *joint, p playing) {
			p.mark(j.at(-1))
		}},
		{name: "an older version", wait: soon, last: 49, warns: "has not said within 200ms", play: func(j *joint, p playing) {
			p.send(j.rows(40, 44))
			await(p.t, "a warning", func() bool { return j.warn.String() != "" })
			p.send(j.rows(45, 49))
		}},
		{name: "an end before the mark", wait: never, last: 49, warns: "ended before it had sent", fails: "its process ended", play: func(j *joint, p playing) {
			p.send(j.rows(40, 49))
			panic(http.ErrAbortHandler)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j := newJoint(t, c.wait)
			fw := playFirewall(t, "fw-a", func(p playing, r *http.Request) {
				if r.URL.Query().Get("mark") != "true" {
					t.Errorf("asked for %s", r.URL)
				}
				c.play(j, p)
			})
			err := j.st.goOn(t.Context(), &j.out, []firewall.Status{fw})
			if fails := err != nil; fails != (c.fails != "") || fails && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("error %v, want %q", err, c.fails)
			}
			var want []int
			for i := range c.last + 1 {
				want = append(want, i)
			}
			if diff := cmp.Diff(want, j.seconds(t)); diff != "" {
				t.Errorf("seconds of the rows (-want +got):\n%s", diff)
			}
			if got := j.warn.String(); !strings.Contains(got, c.warns) || c.warns == "" && got != "" {
				t.Errorf("it warns %q, want %q", got, c.warns)
			}
		})
	}
}

// A process that was stopped after it said what it is takes the connection and
// answers nothing. Rows of the others come, and whoever has seen enough can leave.
func TestAFirewallThatHangsHoldsUpNoRow(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "hangs.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	j := newJoint(t, 200*time.Millisecond)
	firewalls := []firewall.Status{statusAt(t, "hangs", socket), playFirewall(t, "fw-a", func(p playing, r *http.Request) {
		p.mark(time.Time{})
		await(t, "the stored rows", func() bool { return strings.Count(j.out.String(), "\n") == 30 })
		p.send(j.rows(49, 49))
		<-r.Context().Done()
	})}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- j.st.goOn(ctx, &j.out, firewalls) }()
	await(t, "the new row", func() bool { return strings.Count(j.out.String(), "\n") == 31 })
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("goOn() error:\n%+v", err)
	}
	if got := j.warn.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "/hangs has not said") {
		t.Errorf("it warns %q, want one line about hangs", got)
	}
}

// Who did not ask for a mark does not show one.
func TestAMarkIsNoRow(t *testing.T) {
	t.Parallel()
	j := newJoint(t, 0)
	fw := playFirewall(t, "fw-a", func(p playing, r *http.Request) {
		if r.URL.Query().Has("mark") {
			t.Errorf("asked for %s", r.URL)
		}
		p.send(j.rows(0, 1))
		p.mark(j.at(0))
		p.send(j.rows(2, 3))
	})
	lines, failed, ready := stream(t.Context(), []firewall.Status{fw}, control.TraceOptions{Last: -1, Follow: true})
	ready()
	var out bytes.Buffer
	if err := (&merger{out: linesOutput{&out}, hold: mergeWindow}).run(lines); err != nil {
		t.Error(err)
	}
	if err := <-failed; err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(string(logs.Subset{}.AppendLines(nil, j.rows(0, 3))), out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
