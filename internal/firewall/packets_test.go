package firewall

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/testnet"
)

// TestPacketSequences plays the files of testdata/packets through a running
// firewall: real packets through the kernel, events from the recorder.
func TestPacketSequences(t *testing.T) {
	testnet.NeedRoot(t)
	files, err := filepath.Glob("testdata/packets/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no packet sequences: %v", err)
	}
	s := newStage(t)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			nextPort += 10
			s.play(t, readSequence(t, file), nextPort)
		})
	}
	status, err := s.fw.Status(0)
	if err != nil {
		t.Fatal(err)
	}
	if status.Capture.Missing != 0 {
		t.Errorf("%d events missing", status.Capture.Missing)
	}
}

// nextPort is the client's, one for each sequence that is ever played:
// connections do not meet.
var nextPort uint16 = 10000

// sequence is a file of testdata/packets.
type sequence struct {
	steps  []step
	expect []string
}

type step struct {
	line    string
	policy  string // a change of policy, or
	side    string // a packet of this side
	packet  testnet.TCP
	dropped bool
}

func readSequence(t *testing.T, file string) sequence {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var s sequence
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		line := scanner.Text()
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		switch words[0] {
		case "expect":
			s.expect = append(s.expect, strings.Join(words[1:], " "))
		case "policy":
			s.steps = append(s.steps, step{line: line, policy: words[1]})
		case "client", "server":
			s.steps = append(s.steps, readPacket(t, line, words))
		default:
			t.Fatalf("%s: unknown line %q", file, line)
		}
	}
	if len(s.expect) == 0 {
		t.Fatalf("%s expects nothing", file)
	}
	return s
}

func readPacket(t *testing.T, line string, words []string) step {
	t.Helper()
	st := step{line: line, side: words[0], packet: testnet.TCP{Flags: words[1]}}
	for _, w := range words[2:] {
		if w == "dropped" {
			st.dropped = true
			continue
		}
		key, value, _ := strings.Cut(w, "=")
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		switch key {
		case "seq":
			st.packet.Seq = uint32(n)
		case "ack":
			st.packet.Ack = uint32(n)
		case "len":
			st.packet.Payload = int(n)
		default:
			t.Fatalf("%q: unknown word %q", line, w)
		}
	}
	return st
}

// stage is a router with a running firewall on it.
type stage struct {
	router *testnet.Router
	fw     *Firewall
	events chan flow.Event
	nextID uint16
}

const (
	serverPort = 22
	markerPort = 9 // discard: both policies allow it, so its SYNs mark an end
)

func newStage(t *testing.T) *stage {
	t.Helper()
	router := testnet.NewRouter(t)
	config := &Config{Name: "packets", ResourceGroup: fmt.Sprintf("t%d", os.Getpid())}
	t.Cleanup(func() {
		if err := Remove(context.Background(), config); err != nil {
			t.Error(err)
		}
	})
	fw, err := Start(t.Context(), config, parsePolicy(t, "allow"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{router: router, fw: fw, events: make(chan flow.Event, 1000)}
	_, follower := fw.Follow(0, func(Entry) bool { return true })
	go func() {
		for e := range follower.Entries {
			if e.Event != nil {
				s.events <- *e.Event
			}
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, fw.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func parsePolicy(t *testing.T, action string) *policy.Policy {
	t.Helper()
	text := `
name: packets
ruleCollectionGroups:
  - name: group
    priority: 100
    ruleCollections:
      - name: markers
        priority: 100
        action: {type: Allow}
        rules: [{name: marker, ipProtocols: [TCP], sourceAddresses: ["*"], destinationAddresses: ["*"], destinationPorts: ["9"]}]
      - name: ssh
        priority: 200
        action: {type: ` + action + `}
        rules: [{name: ssh, ipProtocols: [TCP], sourceAddresses: [10.9.1.2], destinationAddresses: [10.9.2.2], destinationPorts: ["22"]}]
`
	p, _, err := policy.Parse("packets.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (s *stage) play(t *testing.T, seq sequence, port uint16) {
	client := netip.AddrPortFrom(s.router.Client.Address, port)
	server := netip.AddrPortFrom(s.router.Server.Address, serverPort)
	if err := s.fw.Apply(t.Context(), parsePolicy(t, "allow")); err != nil {
		t.Fatal(err)
	}
	for _, st := range seq.steps {
		if st.policy != "" {
			if err := s.fw.Apply(t.Context(), parsePolicy(t, st.policy)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		s.nextID++
		p := st.packet
		p.ID, p.Source, p.Dest = s.nextID, client, server
		from, to := s.router.Client, s.router.Server
		if st.side == "server" {
			p.Source, p.Dest = server, client
			from, to = to, from
		}
		from.Send(t, p.Bytes(t))
		// What comes out next is the packet itself, or the marker after it.
		if came := s.next(t, from, to, p, port); came == st.dropped {
			t.Errorf("%q came through: %v", st.line, came)
		}
	}
	if diff := gocmp.Diff(seq.expect, s.collect(t, port)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// next sends a marker after a packet and reports whether the packet came out
// before it.
func (s *stage) next(t *testing.T, from, to *testnet.Wire, p testnet.TCP, port uint16) (came bool) {
	t.Helper()
	s.nextID++
	marker := testnet.TCP{Source: netip.AddrPortFrom(from.Address, port+1), Dest: netip.AddrPortFrom(to.Address, markerPort),
		Flags: "S", ID: s.nextID}
	from.Send(t, marker.Bytes(t))
	for {
		got, ok := testnet.ParseTCP(to.Receive(t))
		switch {
		case !ok:
		case got.ID == marker.ID:
			return came
		case got.ID == p.ID && got.Source == p.Source:
			came = true
		}
	}
}

// collect gathers the events of the connection with this client port, up to
// the events of a last marker on each side.
func (s *stage) collect(t *testing.T, port uint16) []string {
	t.Helper()
	last := port + 2
	for _, w := range [][2]*testnet.Wire{{s.router.Client, s.router.Server}, {s.router.Server, s.router.Client}} {
		m := testnet.TCP{Source: netip.AddrPortFrom(w[0].Address, last), Dest: netip.AddrPortFrom(w[1].Address, markerPort), Flags: "S"}
		w[0].Send(t, m.Bytes(t))
	}
	var got []string
	deadline := time.After(10 * time.Second)
	for markers := 0; markers < 2; {
		select {
		case e := <-s.events:
			switch {
			case e.Packet.Source.Port() == last:
				markers++
			case e.Flag == flow.IGNORED: // told beside the others, in no order with them
			case e.Packet.Source.Port() == port || e.Packet.Dest.Port() == port:
				got = append(got, describe(&e))
			}
		case <-deadline:
			t.Fatalf("the markers' events did not come; so far: %q", got)
		}
	}
	return got
}

func describe(e *flow.Event) string {
	words := []string{e.Flag.String(), e.Direction.String(), e.State.String(), e.Action.String(), string(e.Reason)}
	for i := range words {
		words[i] = cmp.Or(words[i], "-")
	}
	return strings.Join(words, " ")
}
