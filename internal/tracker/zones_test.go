package tracker

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
)

// within is a tenant's network: a zone, by its own interfaces.
type within struct {
	zone    uint16
	in, out string
}

var (
	blue = within{1, "blue-client", "blue-server"}
	red  = within{2, "red-client", "red-server"}
)

// event puts an event into the network. conntrack gives a zone to what it gives
// to a connection.
func (w within) event(e flow.Event) *flow.Event {
	if e.In, e.Out = w.in, w.out; e.Packet == there.Reverse() || e.Direction == flow.Reply {
		e.In, e.Out = w.out, w.in
	}
	if e.Connection.IsValid() {
		e.Zone = w.zone
	}
	return &e
}

// play lets a line happen there.
func (w within) play(t *testing.T, l line, tr *Tracker) {
	t.Helper()
	switch {
	case l.isEvent():
		tr.Add(w.event(*l.event(t)))
	case l.words[0] == "end":
		end := l.end(t)
		end.Zone = w.zone
		tr.AddEnd(end)
	case l.canBeLost():
		drop := l.drop(t)
		drop.Interface = w.in
		tr.AddDrop(drop)
	default:
		t.Fatalf("%q is of no network", l.text)
	}
}

// What happens to a connection happens to another one too, with the same
// addresses, ports and sequence numbers, in another zone at the same time: of
// each is told what is told of it alone.
func TestZonesAreKeptApart(t *testing.T) {
	t.Parallel()
	for _, s := range sequences(t) {
		t.Run(strings.TrimSuffix(filepath.Base(s.file), ".txt"), func(t *testing.T) {
			t.Parallel()
			if s.config.Sees == AzureFlowTrace {
				t.SkipNow() // Azure has no zones
			}
			rows := map[uint16][]string{}
			config := s.config
			config.Describe = describeDecision
			config.Tell = func(c *flow.Connection) {
				if c.Tuple.Dest == server || c.Tuple.Source == server {
					of := rows[c.Zone]
					wanted := ""
					if len(of) < len(s.expect) {
						wanted = s.expect[len(of)]
					}
					rows[c.Zone] = append(of, describe(c, wanted))
				}
			}
			tr := New(config)
			tr.Add(blue.event(recorded(elsewhere, flow.FromClient, flow.SYN, epoch.Add(-time.Hour), 1, 0)))
			tr.Add(red.event(recorded(elsewhere, flow.FromClient, flow.SYN, epoch.Add(-time.Hour), 1, 0)))
			for _, l := range s.steps {
				if l.canBeLost() {
					blue.play(t, l, tr)
					red.play(t, l, tr)
				} else {
					l.play(t, tr)
				}
			}
			tr.Close(tr.time())
			if diff := cmp.Diff(map[uint16][]string{1: s.expect, 2: s.expect}, rows); diff != "" {
				t.Errorf("rows by zone (-want +got):\n%s", diff)
			}
		})
	}
}

var elsewhere = flow.Tuple{Protocol: flow.TCP, Source: client, Dest: netip.MustParseAddrPort("10.1.2.5:22")}

// A packet that conntrack gave to no connection is of the zone of its interfaces.
// Where they have several, it is of a connection only if nothing else can be.
func TestWhoseAPacketWithoutZoneIs(t *testing.T) {
	t.Parallel()
	const blueISN, redISN, greenISN = 100, 7000, 50_000
	green := within{3, "green-client", "uplink"}
	for _, tt := range []struct {
		name    string
		in, out string
		flags   flow.TCPFlags
		ack     uint32
		isn     uint32 // of whose connection it is; 0: of none
	}{
		{"by the interface that it came in by", "blue-server", "", flow.BitACK, 0, blueISN},
		{"by that of another zone", "red-client", "", flow.BitACK, 0, redISN},
		{"by that which it is to leave by", "new", "red-server", flow.BitACK, 0, redISN},
		{"the interface has several zones, and it is between those of one connection", "uplink", "green-client", flow.BitACK, 0, greenISN},
		{"it has several zones, and one connection", "uplink", "", flow.BitACK, 0, greenISN},
		{"nobody knows the interface", "new", "", flow.BitACK, 0, 0},
		{"nobody does, and the packet tells", "new", "", flow.BitSYN | flow.BitACK, redISN + 1, redISN},
		{"it came in by the other's", "blue-client", "", flow.BitSYN | flow.BitACK, 4711, 4710},
		{"no interface is known, and several may have it", "", "", flow.BitACK, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := New(Config{})
			for _, c := range []struct {
				within
				isn uint32
			}{{blue, blueISN}, {red, redISN}, {green, greenISN}} {
				tr.Add(c.event(recorded(there, flow.FromClient, flow.SYN, epoch, c.isn, 0)))
			}
			tr.Add(within{4, "yellow", "uplink"}.event(recorded(elsewhere, flow.FromClient, flow.SYN, epoch, 1, 0)))
			e := &flow.Event{Time: epoch.Add(time.Second), Packet: there.Reverse(), Flag: flow.INVALID, TCPFlags: tt.flags, Ack: tt.ack,
				In: tt.in, Out: tt.out}
			want := ""
			if tt.isn != 0 {
				want = flow.ConnectionID(there, tt.isn)
			}
			ignored := *e
			ignored.Flag = flow.IGNORED
			if id, _ := tr.Known(&ignored); id != want && tt.isn != 4710 {
				t.Errorf("the id of one that is ignored is %q, want %q", id, want)
			}
			if tr.Add(e); e.ConnectionID != want {
				t.Errorf("id %q, want %q", e.ConnectionID, want)
			}
		})
	}
}

// A program that did not ask for zones recorded how a connection began, and one
// that does goes on: it is one connection, but not for who has other interfaces.
func TestAConnectionWhoseZoneIsLearntLater(t *testing.T) {
	t.Parallel()
	tr := New(Config{})
	began := blue.event(recorded(there, flow.FromClient, flow.SYN, epoch, 100, 0))
	began.Zone = 0
	tr.Add(began)
	other := red.event(recorded(there, flow.FromClient, flow.FIN, epoch.Add(time.Second), 1, 1))
	tr.Add(other)
	if other.ConnectionID != "" {
		t.Errorf("the other one's id is %q", other.ConnectionID)
	}
	fin := blue.event(recorded(there, flow.FromServer, flow.FIN, epoch.Add(time.Second), 500, 200))
	tr.Add(fin)
	if fin.ConnectionID != began.ConnectionID || tr.Len() != 2 {
		t.Errorf("its FIN has the id %q, its SYN %q; %d connections", fin.ConnectionID, began.ConnectionID, tr.Len())
	}
	tr.AddEnd(flow.ConntrackEnd{Time: epoch.Add(2 * time.Second), Connection: there, Zone: blue.zone, Counters: &flow.Counters{}})
	if row, known := tr.Now(there, began.Time); !known || row.Counters == nil || row.Zone != blue.zone {
		t.Errorf("known %v: %+v", known, row)
	}
}
