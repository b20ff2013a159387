package tracker

import (
	"bufio"
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// sequence is a file of testdata/connections; its README has the notation.
type sequence struct {
	file   string
	config Config
	steps  []line
	expect []string
}

// line is something that happens.
type line struct {
	text  string
	at    time.Duration
	words []string
	args  map[string]string
}

var epoch = time.Date(2026, 7, 1, 10, 0, 0, 0, time.UTC)

func sequences(t testing.TB) []sequence {
	t.Helper()
	files, err := filepath.Glob("testdata/connections/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sequences: %v", err)
	}
	var list []sequence
	for _, file := range files {
		list = append(list, readSequence(t, file))
	}
	return list
}

func readSequence(t testing.TB, file string) sequence {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := sequence{file: file, config: Config{Firewall: "fw", Sees: Everything, Accounting: true}}
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		text := scanner.Text()
		words, args := split(text)
		switch {
		case len(words) == 0 || strings.HasPrefix(text, "#"):
		case words[0] == "row":
			s.expect = append(s.expect, strings.Join(strings.Fields(text)[1:], " "))
		case words[0] == "sees":
			s.config.Sees = map[string]Sight{"azure": AzureFlowTrace, "no-ends": Everything &^ Ends, "no-timeouts": Everything &^ Ends &^ InForce}[words[1]]
		default:
			seconds, err := strconv.ParseFloat(words[0], 64)
			if err != nil {
				t.Fatalf("%s: %q: %v", file, text, err)
			}
			s.steps = append(s.steps, line{text, time.Duration(math.Round(seconds*1e6)) * time.Microsecond, words[1:], args})
		}
	}
	return s
}

// split takes a line apart: words, and key=value pairs, whose value may be in
// quotes.
func split(text string) (words []string, args map[string]string) {
	args = map[string]string{}
	quoted := false
	fields := strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})
	for _, f := range fields {
		if key, value, ok := strings.Cut(f, "="); ok {
			args[key] = strings.Trim(value, `"`)
		} else {
			words = append(words, f)
		}
	}
	return words, args
}

// play lets everything happen and returns the rows told.
func (s sequence) play(t testing.TB, skip func(i int) bool) []flow.Connection {
	t.Helper()
	var rows []flow.Connection
	config := s.config
	config.Tell = func(c *flow.Connection) { rows = append(rows, *c) }
	config.Describe = describeDecision
	tr := New(config)
	for i, l := range s.steps {
		if skip == nil || !skip(i) {
			l.play(t, tr)
		}
	}
	tr.Close(tr.time())
	return rows
}

func describeDecision(e *flow.Event) flow.Decision {
	return flow.Decision{Action: e.Action, Policy: "p", Revision: "r1", Rule: map[flow.Action]string{flow.Deny: "no", flow.Allow: "yes"}[e.Action]}
}

func (t *Tracker) time() time.Time { return at(t.now) }

func (l line) play(t testing.TB, tr *Tracker) {
	t.Helper()
	now := epoch.Add(l.at)
	switch l.words[0] {
	case "client", "server":
		if l.words[1] == "DROP" {
			tr.AddDrop(l.drop(t))
		} else {
			tr.Add(l.event(t))
		}
	case "tick":
		tr.Tick(now)
	case "end":
		tr.AddEnd(l.end(t))
	case "counter":
		tr.AddDrop(flow.Drop{Time: now, Source: flow.DropConntrack, Reason: l.words[1], Count: 1})
	case "loss":
		tr.AddLoss(now.Add(-time.Second), now, l.args["kind"], 1)
	case "gap":
		tr.AddGap(now.Add(-time.Second), now)
	case "policy":
		tr.PolicyChanged(now, l.words[1])
	default:
		t.Fatalf("unknown line %q", l.text)
	}
}

// describe writes a row as the files expect it: what every row is compared by,
// and what the expectation asks for besides.
func describe(c *flow.Connection, wanted string) string {
	dash := func(s string) string { return cmp.Or(s, "-") }
	var doubts []string
	for _, d := range c.Verdict.Doubts {
		doubts = append(doubts, string(d))
	}
	text := fmt.Sprintf("%d %s %s %s %s %s end=%s history=%s", c.Update, c.Verdict.Outcome, dash(string(c.Verdict.StuckAt)),
		dash(string(c.Verdict.By)), c.Verdict.Certainty, dash(strings.Join(doubts, ",")), dash(string(c.End)), c.History)
	_, args := split(wanted)
	more := map[string]any{
		"at": c.Told.Sub(epoch).Seconds(), "detail": c.Verdict.Detail, "idle": c.Idle, "timeout": c.Timeout, "alike": c.Alike,
		"syns": c.SYNs, "synacks": c.SYNACKs, "ttl": fmt.Sprintf("%d-%d", c.SYNTTL[0], c.SYNTTL[1]), "events": c.Events,
		"size": c.RetransmitSize, "unacked": fmt.Sprintf("%d,%d", c.Unacked[0], c.Unacked[1]), "rule": c.Decision.Rule,
		"client": c.Tuple.Source, "server": c.Tuple.Dest, "translated": c.Translated.Dest, "invalids": c.Invalids,
	}
	for _, key := range []string{"at", "detail", "idle", "timeout", "alike", "syns", "synacks", "ttl", "events", "size", "unacked", "rule", "client", "server", "translated", "invalids", "bytes"} {
		if _, ok := args[key]; !ok {
			continue
		}
		value := fmt.Sprint(more[key])
		if key == "bytes" && c.Counters != nil {
			value = fmt.Sprintf("%d,%d", c.Counters.Bytes[0], c.Counters.Bytes[1])
		}
		if strings.Contains(value, " ") {
			value = `"` + value + `"`
		}
		text += " " + key + "=" + value
	}
	return text
}

func addr(t testing.TB, text string) netip.AddrPort {
	t.Helper()
	a, err := netip.ParseAddrPort(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
