package ruleset

import (
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/sekisho/sekisho/internal/policy"
)

var (
	client = netip.MustParseAddrPort("10.66.1.4:40000")
	server = netip.MustParseAddrPort("10.66.2.4:22")
)

// fromClient and fromServer are segments of one connection, whose client began
// with the sequence number 1000 and whose server with 5000.
func fromClient(flags string, seq, ack uint32, payload string) []gopacket.SerializableLayer {
	return segment{client, server, flags, seq, ack, payload}.layers()
}

func fromServer(flags string, seq, ack uint32, payload string) []gopacket.SerializableLayer {
	return segment{server, client, flags, seq, ack, payload}.layers()
}

// step is a segment on its way and what must become of it.
type step struct {
	from   *side
	parts  []gopacket.SerializableLayer
	passes bool
	what   string
}

func (w *world) walk(steps ...step) {
	w.t.Helper()
	for _, s := range steps {
		if got := s.from.passes(s.parts...); got != s.passes {
			w.t.Fatalf("%s: passed %v, want %v; marks %v, counters %v", s.what, got, s.passes, w.marks(), w.counters())
		}
	}
}

func (w *world) handshake() {
	w.t.Helper()
	w.walk(
		step{w.left, fromClient("S", 1000, 0, ""), true, "SYN"},
		step{w.right, fromServer("SA", 5000, 1001, ""), true, "SYN-ACK"},
		step{w.left, fromClient("A", 1001, 5001, ""), true, "ACK"},
	)
}

// wantDecision compares the decision in the mark of the only connection.
func (w *world) wantDecision(m Marks, rule uint32, action MarkAction, generation uint8) {
	w.t.Helper()
	gotRule, gotAction, gotGeneration := m.Decode(w.mark())
	if gotRule != rule || gotAction != action || gotGeneration != generation {
		w.t.Fatalf("mark %#x: rule %d, action %d, generation %d; want %d, %d, %d",
			w.mark(), gotRule, gotAction, gotGeneration, rule, action, generation)
	}
}

func allow(number int) *policy.Policy {
	return simple(policy.Allow, number, client.Addr().String(), server.Addr().String())
}

func deny(number int) *policy.Policy {
	return simple(policy.Deny, number, client.Addr().String(), server.Addr().String())
}

func TestHandshakeBit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := Marks{}
	w.apply(allow(1), Options{})
	bit := func(what string, want bool) {
		t.Helper()
		if got := w.mark()&m.Handshake() != 0; got != want {
			t.Fatalf("after %s the handshake bit is %v", what, got)
		}
	}
	w.walk(step{w.left, fromClient("S", 1000, 0, ""), true, "SYN"})
	bit("the SYN", false)
	w.walk(step{w.left, fromClient("S", 1000, 0, ""), true, "SYN again"})
	bit("the repeated SYN", false)
	w.walk(step{w.right, fromServer("SA", 5000, 1001, ""), true, "SYN-ACK"})
	bit("the SYN-ACK", false)
	w.walk(step{w.left, fromClient("A", 1001, 5001, ""), true, "ACK"})
	bit("the ACK", true)
	w.walk(step{w.right, fromServer("A", 5001, 1001, "hello"), true, "data"})
	bit("data from the server", true)
	w.setMark(w.mark() | m.OriginalData() | m.ReplyData())
	w.walk(step{w.right, fromServer("SA", 5000, 1001, ""), true, "SYN-ACK again"})
	if got := w.mark() & (m.Handshake() | m.OriginalData() | m.ReplyData()); got != 0 {
		t.Errorf("after a repeated SYN-ACK the bits are %#x, want none", got)
	}
	w.wantDecision(m, 1, MarkAllow, 0)
}

// The kernel uses an entry again for a SYN after the server's RST. The ruleset
// here keeps its generation, so only the rule about SYNs can notice.
func TestSynAfterServerResetIsDecidedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(allow(1), Options{Generation: 3})
	w.handshake()
	w.walk(step{w.right, fromServer("R", 5001, 0, ""), true, "RST"})
	w.setMark(w.mark() | 0x0a000000)
	w.walk(step{w.left, fromClient("S", 2000, 0, ""), true, "SYN after RST"})
	if w.mark()&0xff000000 != 0x0a000000 {
		t.Fatal("the kernel made a new entry; this test is about one that is used again")
	}
	w.apply(deny(2), Options{Generation: 3})
	w.walk(
		step{w.right, fromServer("SA", 9000, 2001, ""), true, "SYN-ACK under the old decision"},
		step{w.right, fromServer("R", 9001, 0, ""), true, "RST under the old decision"},
		step{w.left, fromClient("S", 3000, 0, ""), false, "SYN after the change"},
	)
	w.wantDecision(Marks{}, 2, MarkDeny, 3)
}

func TestChangeEndsSessionsAndCanBringThemBack(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"client", "server"} {
		t.Run("the "+first+" speaks first", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.apply(allow(1), Options{})
			w.handshake()
			data := []step{
				{w.left, fromClient("A", 1001, 5001, "question"), false, "data of the client"},
				{w.right, fromServer("A", 5001, 1001, "answer"), false, "data of the server"},
			}
			if first == "server" {
				data[0], data[1] = data[1], data[0]
			}
			w.apply(deny(2), Options{Generation: 1})
			w.walk(data...)
			w.wantDecision(Marks{}, 2, MarkDeny, 1)

			// A rule for the way back is none for this connection.
			w.apply(simple(policy.Allow, 1, server.Addr().String(), client.Addr().String()), Options{Generation: 2})
			w.walk(data...)
			w.wantDecision(Marks{}, 0, MarkDeny, 2)

			w.apply(allow(7), Options{Generation: 3})
			data[0].passes, data[1].passes = true, true
			w.walk(data...)
			w.wantDecision(Marks{}, 7, MarkAllow, 3)
			if got := w.counters()["rule_7"]; got != 1 {
				t.Errorf("the connection was decided %d times by one ruleset", got)
			}
		})
	}
}

// An ICMP error is decided with the connection that it is about.
func TestRelatedErrorsFollowTheirConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply(allow(1), Options{})
	w.handshake()
	inner := w.serialize(fromClient("A", 1001, 5001, "too long")...)
	router := ipHeader(netip.MustParseAddr("10.66.9.9"), client.Addr(), layers.IPProtocolICMPv4)
	tooBig := []gopacket.SerializableLayer{router,
		&layers.ICMPv4{TypeCode: layers.CreateICMPv4TypeCode(3, 4), Seq: 1300}, gopacket.Payload(inner)}
	before := w.mark()
	w.walk(step{w.right, tooBig, true, "error under the ruleset that allowed"})
	if w.mark() != before {
		t.Errorf("the error changed the mark from %#x to %#x", before, w.mark())
	}
	w.apply(deny(2), Options{Generation: 1})
	w.walk(step{w.right, tooBig, false, "error under a ruleset that denies"})
	w.wantDecision(Marks{}, 2, MarkDeny, 1)
}
