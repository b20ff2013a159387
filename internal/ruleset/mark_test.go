package ruleset

import (
	"fmt"
	"net"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// setMark sets the whole mark of the only connection.
func (w *world) setMark(mark uint32) {
	w.t.Helper()
	flows := w.connections()
	if len(flows) != 1 {
		w.t.Fatalf("%d conntrack entries", len(flows))
	}
	flows[0].Mark = mark
	flows[0].ProtoInfo = nil
	w.in(w.firewall, func() {
		if err := netlink.ConntrackUpdate(netlink.ConntrackTable, netlink.InetFamily(flows[0].FamilyType), flows[0]); err != nil {
			w.t.Fatal(err)
		}
	})
}

// Whoever else uses connection marks keeps his bits, on either side of ours.
func TestForeignMarkBitsSurvive(t *testing.T) {
	t.Parallel()
	for mask, e := range map[uint32]ends{DefaultMask: ends4, 0x00fff000: ends6, 0xffff0000: ends4} {
		t.Run(fmt.Sprintf("%#08x", mask), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m, err := NewMarks(mask)
			if err != nil {
				t.Fatal(err)
			}
			foreign := 0xa5a5a5a5 &^ mask
			w.nft(fmt.Sprintf(`table inet other { chain c { type filter hook prerouting priority -100;
				ct state new ct mark set ct mark | %#x; }; }`, foreign))
			check := func(what string, rule uint32, action MarkAction, generation uint8) {
				t.Helper()
				w.wantDecision(m, rule, action, generation)
				if got := w.mark() &^ mask; got != foreign {
					t.Errorf("%s: foreign bits are %#x, want %#x", what, got, foreign)
				}
			}
			w.apply(e.allow(1), Options{Marks: m})
			w.handshakeOf(e)
			check("handshake", 1, MarkAllow, 0)
			if w.mark()&m.Handshake() == 0 {
				t.Error("the handshake bit is not set")
			}
			w.apply(e.allow(9), Options{Marks: m, Generation: 7})
			w.walk(step{w.right, e.fromServer("A", 5001, 1001, "x"), true, "data after a change"})
			check("change", 9, MarkAllow, 7)
			w.apply(e.deny(2), Options{Marks: m, Generation: 1})
			w.walk(step{w.right, e.fromServer("A", 5001, 1001, "x"), false, "data after a denial"})
			check("denial", 2, MarkDeny, 1)
			w.in(w.firewall, func() {
				if err := ResetGeneration(m, 1); err != nil {
					t.Fatal(err)
				}
			})
			check("reset", 0, MarkUndecided, 0)
			if w.mark()&m.Handshake() == 0 {
				t.Error("the reset cleared the handshake bit")
			}
		})
	}
}

// A connection that is silent through eight changes meets the generation that
// decided it once more. Without the reset it would pass.
func TestGenerationWrap(t *testing.T) {
	t.Parallel()
	for _, reset := range []bool{false, true} {
		bothFamilies(t, fmt.Sprint("reset ", reset), func(t *testing.T, e ends) {
			w := newWorld(t)
			w.apply(e.allow(1), Options{})
			w.handshakeOf(e)
			for g := range uint8(Generations - 1) {
				w.apply(e.deny(1), Options{Generation: g + 1})
			}
			if reset {
				w.in(w.firewall, func() {
					if err := ResetGeneration(Marks{}, 0); err != nil {
						t.Fatal(err)
					}
				})
			}
			w.apply(e.deny(1), Options{})
			w.walk(step{w.left, e.fromClient("A", 1001, 5001, "x"), !reset, "data after eight changes"})
		})
	}
}

// Other generations, connections without a decision and IPv6 are told apart.
func TestResetGenerationTouchesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := Marks{}
	before := []uint32{
		0, 0x77000000, m.Handshake(),
		m.Encode(5, MarkAllow, 2), m.Encode(5, MarkAllow, 3) | 0x77000000 | m.Handshake(),
		m.Encode(5, MarkDeny, 3), m.Encode(m.MaxRule(), MarkAllow, 7),
	}
	after := []uint32{
		0, 0x77000000, m.Handshake(),
		m.Encode(5, MarkAllow, 2), 0x77000000 | m.Handshake(),
		0, m.Encode(m.MaxRule(), MarkAllow, 7),
	}
	w.nft("table inet t { chain c { type filter hook forward priority 0; ct state new; }; }") // wakes conntrack
	for _, family := range []netlink.InetFamily{unix.AF_INET, unix.AF_INET6} {
		w.in(w.firewall, func() {
			for i, mark := range before {
				createEntry(t, family, uint16(1000+i), mark)
			}
		})
	}
	w.in(w.firewall, func() {
		if err := ResetGeneration(m, 3); err != nil {
			t.Fatal(err)
		}
		for _, family := range []netlink.InetFamily{unix.AF_INET, unix.AF_INET6} {
			flows, err := netlink.ConntrackTableList(netlink.ConntrackTable, family)
			if err != nil || len(flows) != len(before) {
				t.Fatalf("%d conntrack entries (%v), want %d", len(flows), err, len(before))
			}
			for _, f := range flows {
				if want := after[f.Forward.SrcPort-1000]; f.Mark != want {
					t.Errorf("family %d, entry %d: mark %#x, want %#x", family, f.Forward.SrcPort-1000, f.Mark, want)
				}
			}
		}
	})
}

func createEntry(t testing.TB, family netlink.InetFamily, port uint16, mark uint32) {
	t.Helper()
	create(t, family, entryOf(family, unix.IPPROTO_UDP, port, mark))
}

func createTCPEntry(t testing.TB, family netlink.InetFamily, port uint16, mark uint32, state uint8) {
	t.Helper()
	f := entryOf(family, unix.IPPROTO_TCP, port, mark)
	f.ProtoInfo = &netlink.ProtoInfoTCP{State: state}
	create(t, family, f)
}

func entryOf(family netlink.InetFamily, protocol uint8, port uint16, mark uint32) *netlink.ConntrackFlow {
	a, b := net.IPv4(10, 66, 1, 4).To4(), net.IPv4(10, 66, 2, 4).To4()
	if family == unix.AF_INET6 {
		a, b = net.ParseIP("fd00::1"), net.ParseIP("fd00::2")
	}
	return &netlink.ConntrackFlow{FamilyType: uint8(family), TimeOut: 100, Mark: mark,
		Forward: netlink.IPTuple{SrcIP: a, DstIP: b, SrcPort: port, DstPort: 53, Protocol: protocol},
		Reverse: netlink.IPTuple{SrcIP: b, DstIP: a, SrcPort: 53, DstPort: port, Protocol: protocol},
	}
}

func create(t testing.TB, family netlink.InetFamily, f *netlink.ConntrackFlow) {
	t.Helper()
	if err := netlink.ConntrackCreate(netlink.ConntrackTable, family, f); err != nil {
		t.Fatal(err)
	}
}
