package readback

import (
	"bytes"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/diagnose"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
)

var (
	moment0 = time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)
	forward = flow.Tuple{Protocol: flow.TCP, Source: netip.MustParseAddrPort("10.1.1.4:40000"), Dest: netip.MustParseAddrPort("10.1.0.68:22")}
	asked   = diagnose.Question{Source: netip.MustParseAddrPort("10.1.1.4:0"), Destination: forward.Dest}
)

func at(ms int) time.Time { return moment0.Add(time.Duration(ms) * time.Millisecond) }

// lines are the rows of events, as a firewall writes them.
func lines(events ...flow.Event) *bytes.Buffer {
	var b bytes.Buffer
	source := &logs.Source{Firewall: "fw-a", ResourceID: logs.DefaultResourceID("", "fw-a")}
	rule := logs.Rule{Policy: "east-west", Revision: "0123456789ab", Group: "g", Collection: "c", Name: "r"}
	for i := range events {
		for _, row := range logs.Rows(&events[i], source, rule) {
			b.Write(append(logs.AppendJSON(nil, row, false), '\n'))
		}
	}
	return &b
}

func packet(ms int, flag flow.Flag, bits flow.TCPFlags, reply bool, seq, ack uint32) flow.Event {
	e := flow.Event{Time: at(ms), Flag: flag, TCPFlags: bits, Packet: forward, Connection: forward, Direction: flow.Original,
		Seq: seq, Ack: ack, TTL: 63, Action: flow.Allow, ConnectionID: flow.ConnectionID(forward, 1000)}
	if reply {
		e.Packet, e.Direction = forward.Reverse(), flow.Reply
	}
	return e
}

// The article's fault, from the rows of the flow trace alone.
func bypass() []flow.Event {
	events := []flow.Event{packet(0, flow.SYN, flow.BitSYN, false, 1000, 0)}
	for _, ms := range []int{1, 200, 600} {
		e := packet(ms, flow.INVALID, flow.BitACK, false, 1001, 5001)
		e.Connection, e.Direction, e.Action = flow.Tuple{}, flow.DirectionUnknown, flow.ActionNone
		e.Reason, e.ReasonText = flow.InvalidState, "packet (index 3) in dir 0 invalid, state SYN_SENT"
		events = append(events, e)
	}
	return events
}

func read(t *testing.T, text string) (Rows, error) {
	t.Helper()
	var r Reader
	if err := r.Read("rows.jsonl", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	rows, problems := r.Rows()
	return rows, problems.Err()
}

func TestEventsBecomeConnections(t *testing.T) {
	t.Parallel()
	rows, err := read(t, lines(bypass()...).String())
	if err != nil {
		t.Fatal(err)
	}
	v := diagnose.Diagnose(diagnose.Case{Asked: asked, Connections: rows.Connections, Watches: rows.Watches})
	if v.Outcome != flow.ReplyBypasses || v.Cause.Code != diagnose.ReplyElsewhere || v.Certainty != flow.Certain {
		t.Errorf("Diagnose() = %s, %s, %s", v.Outcome, v.Cause.Code, v.Certainty)
	}
	if len(v.Evidence) == 0 || v.Evidence[0].Firewall != "fw-a" {
		t.Errorf("evidence: %+v", v.Evidence)
	}
}

// An ICMP error's row says itself which connection it is about, also where nobody
// knows its id. One about a lookup by UDP is about none of them.
func TestICMPErrorsAreTied(t *testing.T) {
	t.Parallel()
	refusal := packet(1, flow.ICMPERROR, 0, true, 0, 0)
	refusal.ConnectionID, refusal.ICMPType, refusal.ICMPCode = "", 3, 13
	refusal.Packet = flow.Tuple{Protocol: flow.ICMP, Source: netip.AddrPortFrom(forward.Dest.Addr(), 0), Dest: netip.AddrPortFrom(forward.Source.Addr(), 0)}
	lookup := refusal
	lookup.Connection.Protocol = flow.UDP
	for what, c := range map[string]struct {
		events []flow.Event
		errors int
	}{
		"of TCP": {[]flow.Event{packet(0, flow.SYN, flow.BitSYN, false, 1000, 0), refusal}, 1},
		"of UDP": {[]flow.Event{packet(0, flow.SYN, flow.BitSYN, false, 1000, 0), lookup}, 0},
	} {
		rows, err := read(t, lines(c.events...).String())
		if err != nil {
			t.Fatal(err)
		}
		if len(rows.Connections) != 1 || rows.Connections[0].ICMPErrors != c.errors {
			t.Errorf("%s: connections %+v, want one with %d errors", what, rows.Connections, c.errors)
		}
	}
}

// The order of lines does not matter, nor in which files they stand.
func TestOrderOfLines(t *testing.T) {
	t.Parallel()
	all := strings.Split(strings.TrimSpace(lines(bypass()...).String()), "\n")
	var r Reader
	for i := len(all) - 1; i >= 0; i-- {
		if err := r.Read("part", strings.NewReader(all[i])); err != nil {
			t.Fatal(err)
		}
	}
	rows, problems := r.Rows()
	if len(problems) > 0 || rows.Lines != len(all) {
		t.Fatalf("%d lines, problems: %v", rows.Lines, problems)
	}
	v := diagnose.Diagnose(diagnose.Case{Asked: asked, Connections: rows.Connections})
	if v.Outcome != flow.ReplyBypasses {
		t.Errorf("Diagnose() = %s", v.Outcome)
	}
}

func TestConnectionRowsAreTaken(t *testing.T) {
	t.Parallel()
	c := flow.Connection{ID: "0123456789abcdef", Firewall: "fw-a", Tuple: forward, Update: 2, Told: at(4000), First: at(0), Last: at(3000),
		SYN: at(0), SYNs: 3, Verdict: flow.Verdict{Outcome: flow.NoReply, StuckAt: flow.StepSYNACK, Certainty: flow.Likely, Doubts: []flow.Doubt{flow.StillOpen}}}
	source := &logs.Source{Firewall: "fw-a", ResourceID: logs.DefaultResourceID("", "fw-a")}
	told := string(logs.AppendJSON(nil, logs.ConnectionRow(&c, source), false))
	// Its events are there too, and must not make another row.
	rows, err := read(t, told+"\n"+lines(packet(0, flow.SYN, flow.BitSYN, false, 1000, 0)).String())
	if err != nil {
		t.Fatal(err)
	}
	if len(rows.Connections) != 1 || rows.Connections[0].Update != 2 || rows.Connections[0].SYNs != 3 {
		t.Errorf("connections: %+v", rows.Connections)
	}
}

func TestLossesAreKept(t *testing.T) {
	t.Parallel()
	source := &logs.Source{Firewall: "fw-a"}
	text := lines(packet(0, flow.SYN, flow.BitSYN, false, 1000, 0)).String()
	for _, l := range []logs.Loss{
		{From: at(-100), To: at(500), Place: logs.RingLoss, Kind: "SYN-ACK", Count: 4},
		{From: at(-100), To: at(500), Place: logs.FileLoss, Count: 9},
		{From: at(-100), To: at(500), Place: logs.ReasonLoss, Count: 5}, // their packets have rows
	} {
		text += string(logs.AppendJSON(nil, logs.LossRow(l, source), false)) + "\n"
	}
	rows, err := read(t, text)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows.Watches) != 1 || len(rows.Watches[0].Losses) != 2 || rows.Watches[0].Losses[0].Count != 4 || rows.Watches[0].Losses[1].Count != 9 {
		t.Errorf("watches: %+v", rows.Watches)
	}
}

// What a workspace lost of the time in question, or never got, was found later; of
// tables without evidence it is no loss here.
func TestLossesOfAWorkspaceAreKept(t *testing.T) {
	t.Parallel()
	source := &logs.Source{Firewall: "fw-a"}
	text := lines(packet(0, flow.SYN, flow.BitSYN, false, 1000, 0)).String()
	for _, l := range []logs.Loss{
		{From: at(-100), To: at(500), Noticed: at(900_000), Place: logs.WorkspaceLoss, Kind: logs.FlowTrace.Name, Count: 40},
		{From: at(-200), Noticed: at(900_000), Place: logs.WorkspaceLoss, Kind: logs.Connection.Name},
		{From: at(-100), To: at(500), Noticed: at(900_000), Place: logs.WorkspaceLoss, Kind: logs.Heartbeat.Name, Count: 5},
		{From: at(-300), To: at(600), Noticed: at(900_000), Place: logs.SpoolLoss, Count: 7},
		{To: at(700), Noticed: at(900_000), Place: logs.SegmentLoss, Count: 8},
	} {
		text += string(logs.AppendJSON(nil, logs.LossRow(l, source), false)) + "\n"
	}
	rows, err := read(t, text)
	if err != nil {
		t.Fatal(err)
	}
	want := []diagnose.Loss{{Span: diagnose.Span{From: at(-100), To: at(500)}, Count: 40}, {Span: diagnose.Span{From: at(-200), To: at(900_000)}, Count: 1},
		{Span: diagnose.Span{From: at(-300), To: at(600)}, Count: 7}, {Span: diagnose.Span{To: at(700)}, Count: 8}}
	if len(rows.Watches) != 1 || !slices.Equal(rows.Watches[0].Losses, want) {
		t.Errorf("watches: %+v, want losses %+v", rows.Watches, want)
	}
	if v := rows.Connections[0].Verdict; v.Certainty == flow.Certain {
		t.Errorf("the verdict %+v is certain, though rows are lost", v)
	}
}

// Of a row that stands for several packets, the others are lost here.
func TestFoldedRowsAreLosses(t *testing.T) {
	t.Parallel()
	source := &logs.Source{Firewall: "fw-a"}
	e := packet(0, flow.SYN, flow.BitSYN, false, 1000, 0)
	var b bytes.Buffer
	for _, row := range logs.FoldedRows(&e, source, &logs.Rule{}, logs.Fold{Count: 30, From: at(-900), By: logs.BySource}) {
		b.Write(append(logs.AppendJSON(nil, row, false), '\n'))
	}
	rows, err := read(t, b.String())
	if err != nil {
		t.Fatal(err)
	}
	want := []diagnose.Loss{{Span: diagnose.Span{From: at(-900), To: at(0)}, Kind: "SYN", Count: 29}}
	if len(rows.Watches) != 1 || !slices.Equal(rows.Watches[0].Losses, want) {
		t.Errorf("watches: %+v, want losses %+v", rows.Watches, want)
	}
}

// Packets that conntrack ignored are no part of a connection's history.
func TestIgnoredPacketsAreLeftOut(t *testing.T) {
	t.Parallel()
	rows, err := read(t, lines(packet(0, flow.SYN, flow.BitSYN, false, 1000, 0), packet(1, flow.SYNACK, flow.BitSYN|flow.BitACK, true, 5000, 1001),
		packet(2, flow.IGNORED, flow.BitACK, true, 4000, 1001), packet(3, flow.ACK, flow.BitACK, false, 1001, 5001)).String())
	if err != nil || len(rows.Connections) != 1 || rows.Connections[0].History != "ShA" {
		t.Errorf("connections %+v, error %v", rows.Connections, err)
	}
}

// Which timeouts were in force no row says, so a silence proves nothing.
func TestTimeoutsAreNotKnown(t *testing.T) {
	t.Parallel()
	late := packet(15_000, flow.INVALID, flow.BitACK|flow.BitPSH, true, 6001, 1101)
	late.Connection, late.Direction, late.Action, late.Reason = flow.Tuple{}, flow.DirectionUnknown, flow.ActionNone, flow.NoState
	rows, err := read(t, lines(packet(0, flow.SYN, flow.BitSYN, false, 1000, 0), packet(1, flow.SYNACK, flow.BitSYN|flow.BitACK, true, 5000, 1001),
		packet(2, flow.ACK, flow.BitACK, false, 1001, 5001), late).String())
	if err != nil || len(rows.Connections) == 0 {
		t.Fatal(rows, err)
	}
	v := rows.Connections[len(rows.Connections)-1].Verdict
	if v.Outcome != flow.StateLost || v.Certainty != flow.Likely || !slices.Contains(v.Doubts, flow.CannotSee) {
		t.Errorf("verdict %+v", v)
	}
}

// What was not recorded is not absent: it is a gap, as the rows about the
// settings tell it.
func TestPartsAreGaps(t *testing.T) {
	t.Parallel()
	source := &logs.Source{Firewall: "fw-a"}
	text := lines(packet(0, flow.SYN, flow.BitSYN, false, 1000, 0)).String()
	for ms, word := range map[int]logs.StateWord{-300: logs.RecordedWhole, -200: logs.RecordedInPart, -150: logs.RecordedInPart,
		-100: logs.RecordedWhole, 5000: logs.RecordedInPart} {
		text += string(logs.AppendJSON(nil, logs.StateRow(logs.State{Time: at(ms), State: word}, source), false)) + "\n"
	}
	rows, err := read(t, text)
	if err != nil {
		t.Fatal(err)
	}
	want := []diagnose.Span{{From: at(-200), To: at(-100)}, {From: at(5000)}}
	if len(rows.Watches) != 1 || !slices.Equal(rows.Watches[0].Gaps, want) {
		t.Errorf("watches: %+v, want gaps %v", rows.Watches, want)
	}
}

// Where what the host drops was not watched, that nothing is told to be dropped
// proves nothing; from the next start on it does.
func TestDropsThatAreOffAreDoubted(t *testing.T) {
	t.Parallel()
	source := &logs.Source{Firewall: "fw-a"}
	for _, tt := range []struct {
		what  string
		words map[int]logs.StateWord
		want  bool
	}{
		{"nothing told", nil, false},
		{"off", map[int]logs.StateWord{-200: logs.RecordingStarted, -100: logs.DropsOff, -50: logs.RecordedExcept}, true},
		{"off before the last start", map[int]logs.StateWord{-200: logs.DropsOff, -100: logs.RecordingStarted, -50: logs.RecordedWhole}, false},
		{"off later", map[int]logs.StateWord{900_000: logs.DropsOff}, false},
		{"something else is off", map[int]logs.StateWord{-100: logs.ReasonsOff, -50: logs.RecordedExcept}, false},
	} {
		text := lines(packet(0, flow.SYN, flow.BitSYN, false, 1000, 0)).String()
		for ms, word := range tt.words {
			text += string(logs.AppendJSON(nil, logs.StateRow(logs.State{Time: at(ms), State: word}, source), false)) + "\n"
		}
		rows, err := read(t, text)
		if err != nil || len(rows.Connections) == 0 {
			t.Fatal(rows, err)
		}
		v := rows.Connections[len(rows.Connections)-1].Verdict
		if got := slices.Contains(v.Doubts, flow.CannotSee); got != tt.want || len(rows.Watches[0].Gaps) > 0 {
			t.Errorf("%s: verdict %+v, gaps %v", tt.what, v, rows.Watches[0].Gaps)
		}
	}
}

// Where a row tells that drops of a time were not seen, what happened then is doubted,
// though the row was written later; and drops are seen again after DropsOn.
func TestDropsThatWereUnseenAreDoubted(t *testing.T) {
	t.Parallel()
	source := &logs.Source{Firewall: "fw-a"}
	for _, tt := range []struct {
		what   string
		states []logs.State
		want   flow.Doubt
	}{
		{"judged before they are seen again", []logs.State{{Time: at(900_000), State: logs.DropsOff, From: at(-100), To: at(900_000)}}, flow.CannotSee},
		{"judged after that", []logs.State{{Time: at(60), State: logs.DropsOff, From: at(-100), To: at(50)}}, flow.EventsLost},
		{"before that", []logs.State{{Time: at(-50), State: logs.DropsOff, From: at(-10_000), To: at(-9_000)}}, ""},
		{"seen again", []logs.State{{Time: at(-200), State: logs.DropsOff}, {Time: at(-100), State: logs.DropsOn}}, ""},
	} {
		text := lines(packet(0, flow.SYN, flow.BitSYN, false, 1000, 0)).String()
		for _, s := range tt.states {
			text += string(logs.AppendJSON(nil, logs.StateRow(s, source), false)) + "\n"
		}
		rows, err := read(t, text)
		if err != nil || len(rows.Connections) == 0 {
			t.Fatal(rows, err)
		}
		v := rows.Connections[len(rows.Connections)-1].Verdict
		if got := slices.Contains(v.Doubts, tt.want); got != (tt.want != "") || tt.want == "" && slices.Contains(v.Doubts, flow.CannotSee) {
			t.Errorf("%s: verdict %+v", tt.what, v)
		}
	}
}

// Rules that were gone are a time in which not everything was recorded: what an
// INVALID packet without a sentence says of then is doubted, and what they say of
// another time is not.
func TestRulesThatWereGone(t *testing.T) {
	t.Parallel()
	open := []flow.Event{packet(0, flow.SYN, flow.BitSYN, false, 1000, 0), packet(1, flow.SYNACK, flow.BitSYN|flow.BitACK, true, 5000, 1001),
		packet(2, flow.ACK, flow.BitACK, false, 1001, 5001)}
	lost := packet(9000, flow.INVALID, flow.BitACK|flow.BitPSH, false, 1001, 5001)
	lost.Connection, lost.Direction, lost.Action, lost.Reason = flow.Tuple{}, flow.DirectionUnknown, flow.ActionNone, flow.NoState
	for _, tt := range []struct {
		what     string
		from, to int
		want     bool
	}{
		{"at the time", 8990, 9200, true},
		{"before the connection", -9000, -8000, false},
	} {
		b := lines(append(open, lost)...)
		state := logs.State{Time: at(tt.to), State: logs.RulesetTampered, From: at(tt.from), To: at(tt.to)}
		row := logs.StateRow(state, &logs.Source{Firewall: "fw-a", ResourceID: logs.DefaultResourceID("", "fw-a")})
		b.Write(append(logs.AppendJSON(nil, row, false), '\n'))
		rows, err := read(t, b.String())
		if err != nil || len(rows.Connections) == 0 || len(rows.Watches) != 1 {
			t.Fatal(rows, err)
		}
		told := rows.Connections[len(rows.Connections)-1].Verdict
		if got := slices.Contains(told.Doubts, flow.NotRecorded); told.Outcome != flow.StateLost || got != tt.want {
			t.Errorf("%s: the tracker says %+v", tt.what, told)
		}
		v := diagnose.Diagnose(diagnose.Case{Asked: asked, Connections: rows.Connections, Watches: rows.Watches})
		i := slices.IndexFunc(v.Doubts, func(d diagnose.Doubt) bool { return d.Code == diagnose.RulesGone })
		if (i >= 0) != tt.want || (v.Certainty == flow.Unknown) != tt.want {
			t.Errorf("%s: %s with %+v", tt.what, v.Certainty, v.Doubts)
		}
		if i >= 0 && (!v.Doubts[i].From.Equal(at(tt.from)) || !v.Doubts[i].To.Equal(at(tt.to))) {
			t.Errorf("%s: %+v", tt.what, v.Doubts[i])
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	good := strings.TrimSpace(lines(packet(0, flow.SYN, flow.BitSYN, false, 1000, 0)).String())
	_, err := read(t, "no JSON\n\n"+good+"\n"+strings.ReplaceAll(good, `"Flag":"SYN"`, `"Flag":"SYM"`))
	want := []string{"rows.jsonl:1: ", "rows.jsonl:5: ", `unknown flag "SYM"`, "hint: rows are JSON lines"}
	for _, part := range want {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v\nlacks %q", err, part)
		}
	}
}

// The examples of package logs, of all tables, can be read.
func TestReadExamples(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../logs/testdata/rows.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	rows, problems := read(t, string(data))
	if problems != nil || rows.Lines == 0 {
		t.Errorf("%d lines, problems:\n%v", rows.Lines, problems)
	}
}

// Every TCP event that is written can be read back, as far as trackers look at
// it.
func TestEventRoundTrip(t *testing.T) {
	t.Parallel()
	want := packet(5, flow.SYNACK, flow.BitSYN|flow.BitACK, true, 5000, 1001)
	want.State, want.Window, want.MSS, want.IPID, want.In, want.Out = 2, 65160, 1460, 7, "eth0", "eth1"
	want.OriginalStream, want.ReplyStream = flow.Stream{Known: true, Unacked: 3}, flow.Stream{Known: true}
	var r Reader
	if err := r.Read("x", lines(want)); err != nil {
		t.Fatal(err)
	}
	got := r.firewalls["fw-a"].events[0]
	if got.Event != want {
		t.Errorf("read back:\n%+v\nwritten:\n%+v", got.Event, want)
	}
	if got.decision.Rule != "r" || got.decision.Revision != "0123456789ab" {
		t.Errorf("decision: %+v", got.decision)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(lines(bypass()...).Bytes())
	data, err := os.ReadFile("../../logs/testdata/rows.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Reader
		if err := r.Read("fuzz", bytes.NewReader(data)); err != nil {
			return
		}
		rows, _ := r.Rows()
		diagnose.Diagnose(diagnose.Case{Asked: asked, Connections: rows.Connections, Watches: rows.Watches})
	})
}
