package tracker

import (
	"net/netip"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
)

// nth is the tuple of one of many connections.
func nth(n int) flow.Tuple {
	client := netip.AddrFrom4([4]byte{10, 64, byte(n >> 20), byte(n >> 12)})
	return flow.Tuple{Protocol: flow.TCP, Source: netip.AddrPortFrom(client, 1024+uint16(n&0xfff)), Dest: server}
}

// recorded makes an event of a connection as the recorder does.
func recorded(t flow.Tuple, way flow.Way, flag flow.Flag, at time.Time, seq, ack uint32) flow.Event {
	e := flow.Event{Time: at, Packet: t, Connection: t, Direction: flow.Original, Flag: flag, Action: flow.Allow,
		TCPFlags: usual[flag].bits, State: usual[flag].state, Seq: seq, Ack: ack, TTL: 63, In: "eth0", Out: "eth1"}
	if way == flow.FromServer {
		e.Packet, e.Direction = t.Reverse(), flow.Reply
	}
	return e
}

// shake is the handshake of a connection.
func shake(tr *Tracker, n int, at time.Time) {
	tuple, isn := nth(n), uint32(n)*7+1
	for _, e := range []flow.Event{
		recorded(tuple, flow.FromClient, flow.SYN, at, isn, 0),
		recorded(tuple, flow.FromServer, flow.SYNACK, at, 9000, isn+1),
		recorded(tuple, flow.FromClient, flow.ACK, at, isn+1, 9001),
	} {
		tr.Add(&e)
	}
}

func invalid(t flow.Tuple, at time.Time) *flow.Event {
	return &flow.Event{Time: at, Packet: t, Flag: flow.INVALID, TCPFlags: flow.BitACK, Reason: flow.NoState}
}

// A flood of INVALID packets of random tuples drives out nobody but itself, and
// becomes a few rows that count everything.
func TestAFloodOfStrangers(t *testing.T) {
	t.Parallel()
	var alone, rows, stood, events int
	tr := New(Config{Limit: 1000, Fold: 10, Tell: func(c *flow.Connection) {
		if c.Verdict.Outcome != flow.StateLost {
			return
		}
		rows++
		events += c.Events
		stood += 1 + c.Alike
		if c.Alike == 0 {
			alone++
		}
	}})
	for n := range 300 {
		shake(tr, n, epoch)
	}
	const flood = 50_000
	for n := range flood {
		tr.Add(invalid(flow.Tuple{Protocol: flow.TCP, Source: nth(5000 + n).Source, Dest: server}, epoch.Add(time.Duration(n)*100*time.Microsecond)))
	}
	s := tr.Stats()
	if s.Open != 300 || s.Known > 1000 {
		t.Errorf("%d open, %d known", s.Open, s.Known)
	}
	if s.Evicted != flood-1000/strangersShare {
		t.Errorf("%d evicted", s.Evicted)
	}
	tr.Close(epoch.Add(time.Minute))
	if stood != flood || events != flood {
		t.Errorf("%d rows stand for %d connections with %d events of %d", rows, stood, events, flood)
	}
	if rows > 1000 || alone > 500 {
		t.Errorf("%d rows, %d of them of one connection", rows, alone)
	}
}

// A SYN flood drives out half-open connections before established ones.
func TestASYNFlood(t *testing.T) {
	t.Parallel()
	tr := New(Config{Limit: 1000})
	for n := range 100 {
		shake(tr, n, epoch)
	}
	for n := range 20_000 {
		e := recorded(nth(5000+n), flow.FromClient, flow.SYN, epoch.Add(time.Duration(n)*time.Microsecond), 1, 0)
		tr.Add(&e)
	}
	if tr.classes[opened].n != 100 {
		t.Errorf("%d of 100 established connections are known", tr.classes[opened].n)
	}
}

// A port scan: many ports of one server refuse one client.
func TestAPortScan(t *testing.T) {
	t.Parallel()
	rows, stood := 0, 0
	tr := New(Config{Tell: func(c *flow.Connection) {
		if c.Verdict.Outcome != flow.Refused || c.Verdict.Certainty != flow.Certain {
			t.Errorf("told as %s, %s", c.Verdict.Outcome, c.Verdict.Certainty)
		}
		rows++
		stood += 1 + c.Alike
	}})
	const ports = 5000
	for port := range uint16(ports) {
		tuple := flow.Tuple{Protocol: flow.TCP, Source: client, Dest: netip.AddrPortFrom(server.Addr(), 1+port)}
		at := epoch.Add(time.Duration(port) * time.Millisecond)
		syn := recorded(tuple, flow.FromClient, flow.SYN, at, 1000, 0)
		rst := recorded(tuple, flow.FromServer, flow.RST, at, 0, 1001)
		tr.Add(&syn)
		tr.Add(&rst)
	}
	tr.Tick(epoch.Add(30 * time.Second))
	if stood != ports || rows > DefaultFold+1 {
		t.Errorf("%d rows stand for %d connections of %d", rows, stood, ports)
	}
}

// Whose memory is needed is told, exactly once, and counted.
func TestEvictedConnectionsAreTold(t *testing.T) {
	t.Parallel()
	told := map[flow.Tuple]int{}
	tr := New(Config{Limit: 10, Tell: func(c *flow.Connection) {
		told[c.Tuple]++
		if c.End != flow.EndEvicted || c.Verdict.Outcome != flow.ActiveNow {
			t.Errorf("%v: %s, %s", c.Tuple, c.End, c.Verdict.Outcome)
		}
	}})
	for n := range 100 {
		shake(tr, n, epoch)
	}
	if s := tr.Stats(); len(told) != 90 || s.Evicted != 90 || s.Outcomes[flow.ActiveNow] != 90 || s.Open != 10 {
		t.Errorf("%d told, %+v", len(told), s)
	}
}

// Replayed events count for what comes after them, and tell nothing.
func TestReplay(t *testing.T) {
	t.Parallel()
	var rows []flow.Connection
	tr := New(Config{Tell: func(c *flow.Connection) { rows = append(rows, *c) }})
	syn := recorded(nth(1), flow.FromClient, flow.SYN, epoch, 1000, 0)
	rst := recorded(nth(1), flow.FromServer, flow.RST, epoch.Add(time.Second), 0, 1001)
	tr.Replay(&syn)
	if len(rows) != 0 || syn.ConnectionID == "" {
		t.Errorf("%d rows, id %q", len(rows), syn.ConnectionID)
	}
	tr.Add(&rst)
	if len(rows) != 1 || rows[0].History != "Sr" || rst.ConnectionID != syn.ConnectionID {
		t.Errorf("rows %+v", rows)
	}
}

// Open hands out what has not ended, the newest first.
func TestOpen(t *testing.T) {
	t.Parallel()
	tr := New(Config{})
	for n := range 5 {
		shake(tr, n, epoch.Add(time.Duration(n)*time.Second))
	}
	syn := recorded(nth(9), flow.FromClient, flow.SYN, epoch.Add(2500*time.Millisecond), 1, 0)
	tr.Add(&syn)
	var got []uint16
	tr.Open(func(c *flow.Connection) bool {
		got = append(got, c.Tuple.Source.Port()-1024)
		return len(got) < 4
	})
	want := []uint16{4, 3, 9, 2}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("order %v, want %v", got, want)
		}
	}
}
