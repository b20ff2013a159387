package ruleset

import (
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"

	"github.com/sekisho/sekisho/internal/policy"
)

// ends are the two ends of a TCP connection.
type ends struct{ client, server netip.AddrPort }

var (
	ends4 = ends{netip.MustParseAddrPort("10.66.1.4:40000"), netip.MustParseAddrPort("10.66.2.4:22")}
	ends6 = ends{netip.MustParseAddrPort("[fd00:66:1::4]:40000"), netip.MustParseAddrPort("[fd00:66:2::4]:22")}
)

// bothFamilies runs a test once for each address family.
func bothFamilies(t *testing.T, name string, test func(*testing.T, ends)) {
	t.Helper()
	for family, e := range map[string]ends{"IPv4": ends4, "IPv6": ends6} {
		t.Run(family+" "+name, func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

// fromClient and fromServer are segments of one connection, whose client began
// with the sequence number 1000 and whose server with 5000.
func (e ends) fromClient(flags string, seq, ack uint32, payload string) []gopacket.SerializableLayer {
	return segment{e.client, e.server, flags, seq, ack, payload}.layers()
}

func (e ends) fromServer(flags string, seq, ack uint32, payload string) []gopacket.SerializableLayer {
	return segment{e.server, e.client, flags, seq, ack, payload}.layers()
}

// allow and deny are policies for the connection, by the rule with a number.
func (e ends) allow(number int) *policy.Policy {
	return simple(policy.Allow, number, e.client.Addr().String(), e.server.Addr().String())
}

func (e ends) deny(number int) *policy.Policy {
	return simple(policy.Deny, number, e.client.Addr().String(), e.server.Addr().String())
}

// Where the family makes no difference it is IPv4.
func fromClient(flags string, seq, ack uint32, payload string) []gopacket.SerializableLayer {
	return ends4.fromClient(flags, seq, ack, payload)
}

func fromServer(flags string, seq, ack uint32, payload string) []gopacket.SerializableLayer {
	return ends4.fromServer(flags, seq, ack, payload)
}

func allow(number int) *policy.Policy { return ends4.allow(number) }
func deny(number int) *policy.Policy  { return ends4.deny(number) }

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
	w.handshakeOf(ends4)
}

func (w *world) handshakeOf(e ends) {
	w.t.Helper()
	w.walk(
		step{w.left, e.fromClient("S", 1000, 0, ""), true, "SYN"},
		step{w.right, e.fromServer("SA", 5000, 1001, ""), true, "SYN-ACK"},
		step{w.left, e.fromClient("A", 1001, 5001, ""), true, "ACK"},
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
