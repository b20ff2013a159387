package diagnose

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

type testRow struct {
	Firewall   string   `yaml:"firewall"`
	ID         string   `yaml:"id"`
	Connection string   `yaml:"connection"` // "client > server"; as asked where absent
	Translated string   `yaml:"translated"`
	Seen       []string `yaml:"seen"` // "SYN 3 @0", times in milliseconds
	MSS        [2]uint16
	TTL        [2]uint8
	SYNTTL     [2]uint8 `yaml:"synTtl"`
	RSTTTL     uint8    `yaml:"rstTtl"`
	Size       uint16   `yaml:"size"`
	Text       string   `yaml:"text"`   // of an INVALID packet
	Reason     string   `yaml:"reason"` // of an INVALID packet or a drop
	ICMP       string   `yaml:"icmp"`   // who sent it
	Hook       string   `yaml:"hook"`
	Location   string   `yaml:"location"`
	Dropped    string   `yaml:"dropped"` // the tuple of what was dropped; the connection's where absent
	Idle       string   `yaml:"idle"`
	Timeout    string   `yaml:"timeout"`
	End        string   `yaml:"end"`
	Rule       string   `yaml:"rule"` // "group/collection/rule", or "default"
	History    string   `yaml:"history"`
	Verdict    string   `yaml:"verdict"` // "outcome stuckAt by certainty doubts…"
	Detail     string   `yaml:"detail"`
	Alike      int      `yaml:"alike"`
	Offset     float64  `yaml:"offset"` // of this firewall's clock, milliseconds
}

// build makes the row of a firewall.
func (r *testRow) build(t testing.TB, asked flow.Tuple) flow.Connection {
	t.Helper()
	c := flow.Connection{ID: r.ID, Firewall: r.Firewall, Tuple: asked, Update: 1, History: r.History, MSS: r.MSS, TTL: r.TTL,
		SYNTTL: r.SYNTTL, RSTTTL: r.RSTTTL, RetransmitSize: r.Size, Alike: r.Alike, End: flow.EndReason(r.End)}
	if r.Connection != "" {
		c.Tuple = parseTuple(t, r.Connection)
	}
	if r.Translated != "" {
		c.Translated = parseTuple(t, r.Translated)
	}
	c.Idle, c.Timeout = duration(t, r.Idle), duration(t, r.Timeout)
	for _, text := range r.Seen {
		r.step(t, &c, text)
	}
	r.decision(&c)
	r.verdict(t, &c)
	return c
}

func duration(t testing.TB, text string) time.Duration {
	t.Helper()
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// step adds "SYN 3 @0 1000": the packet, how many, the times of the first and
// the last one. INVALID and RST packets, FINs, drops and repeated data say whose
// they are: "INVALID client ACK 2 @5".
func (r *testRow) step(t testing.TB, c *flow.Connection, text string) {
	t.Helper()
	what, when, _ := strings.Cut(text, "@")
	words := strings.Fields(what)
	count := 1
	if n, err := strconv.Atoi(words[len(words)-1]); err == nil {
		count, words = n, words[:len(words)-1]
	}
	var times []time.Time
	for _, w := range strings.Fields(when) {
		n, err := strconv.ParseFloat(w, 64)
		if err != nil {
			t.Fatalf("step %q: %v", text, err)
		}
		times = append(times, ms(n+r.Offset))
	}
	first, last := times[0], times[len(times)-1]
	if c.First.IsZero() || first.Before(c.First) {
		c.First = first
	}
	if last.After(c.Last) {
		c.Last = last
	}
	side := flow.FromClient
	if len(words) > 1 && words[1] == "server" {
		side = flow.FromServer
	}
	switch words[0] {
	case "SYN":
		c.SYNs, c.SYN = count, first
	case "SYN-ACK":
		c.SYNACKs, c.SYNACK = count, first
	case "ACK":
		c.ACKs, c.ACK = count, first
	case "FIN":
		c.FINs[side] += count
		if c.FIN.IsZero() {
			c.FIN = first
		} else {
			c.FINACK = first
		}
	case "RST":
		c.RSTs[side], c.RST = count, first
	case "data":
		c.Retransmits[side] = count
	case "INVALID":
		c.Invalids = count
		c.Invalid = &flow.InvalidPacket{Time: first, Way: side, TCPFlags: parseFlags(words[2]), Reason: flow.Reason(r.Reason), Text: r.Text}
	case "DENIED":
		c.Denials = count
	case "ICMP":
		c.ICMPErrors, c.ICMP = count, &flow.ICMPNote{Time: first, From: netip.MustParseAddr(r.ICMP), Text: r.Text}
	case "DROP":
		c.Drop = &flow.Drop{Time: first, Source: flow.DropKfreeSKB, Reason: r.Reason, Hook: r.Hook, Interface: "eth0", Count: uint64(count), Tuple: c.Tuple}
		if side == flow.FromServer {
			c.Drop.Tuple = c.Tuple.Reverse()
		}
		if c.Drop.Location = r.Location; r.Dropped != "" {
			c.Drop.Tuple = parseTuple(t, r.Dropped)
		}
	default:
		t.Fatalf("unknown step %q", text)
	}
}

func parseFlags(text string) flow.TCPFlags {
	for f := range 256 {
		if flow.TCPFlags(f).String() == text {
			return flow.TCPFlags(f)
		}
	}
	return 0
}

func (r *testRow) decision(c *flow.Connection) {
	c.Decision = flow.Decision{Action: flow.Allow, Policy: "east-west-and-hub", Revision: "0123456789ab"}
	if strings.HasPrefix(r.Verdict, "denied") {
		c.Decision.Action = flow.Deny
	}
	if names := strings.Split(r.Rule, "/"); len(names) == 3 {
		c.Decision.Group, c.Decision.Collection, c.Decision.Rule = names[0], names[1], names[2]
	}
}

// verdict reads "no-reply SYN-ACK likely still-open", words in any order.
func (r *testRow) verdict(t testing.TB, c *flow.Connection) {
	t.Helper()
	v := flow.Verdict{Certainty: flow.Certain, Detail: r.Detail}
	for i, word := range strings.Fields(r.Verdict) {
		switch {
		case i == 0:
			v.Outcome = flow.Outcome(word)
		case slices.Contains([]flow.Step{flow.StepSYN, flow.StepSYNACK, flow.StepACK, flow.StepData, flow.StepFIN}, flow.Step(word)):
			v.StuckAt = flow.Step(word)
		case slices.Contains([]flow.Certainty{flow.Likely, flow.Unknown, flow.Certain}, flow.Certainty(word)):
			v.Certainty = flow.Certainty(word)
		case slices.Contains([]flow.Side{flow.Client, flow.Server, flow.Middlebox}, flow.Side(word)):
			v.By = flow.Side(word)
		default:
			v.Doubts = append(v.Doubts, flow.Doubt(word))
		}
	}
	if !slices.Contains(flow.Outcomes(), v.Outcome) {
		t.Fatalf("row of %s: unknown outcome %q", r.Firewall, v.Outcome)
	}
	c.Verdict = v
}
