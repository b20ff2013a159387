package firewall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/settings"
	"github.com/sekisho/sekisho/internal/testnet"
	"github.com/sekisho/sekisho/internal/tracker"
)

// noOutputs are for tests of what writes nothing.
func noOutputs() *outputs { return &outputs{router: settings.NewRouter(nil, time.Time{})} }

// noConnections are for tests of what tells them something.
func noConnections() *connections {
	return newConnections(tracker.Config{}, &rowsTold{}, func([]flow.Connection) []flow.Connection { return nil })
}

// TestPacketSequencesAsConnections plays the sequences again, and looks at the
// connections that come of them: histories and verdicts from real packets.
func TestPacketSequencesAsConnections(t *testing.T) {
	testnet.NeedRoot(t)
	want := map[string]string{
		"plain":              "ShAFf completed",
		"server-closes":      "ShAfF completed",
		"refused":            "Sr refused",
		"denied":             "X denied",
		"reply-bypasses":     "SII reply-bypasses",
		"request-bypasses":   "ii request-bypasses",
		"half-close":         "ShAFf completed",
		"simultaneous-open":  "SsHhA active",
		"simultaneous-close": "ShAFf completed",
		"fin-repeated":       "ShAFFf completed",
		"syn-ack-repeated":   "ShAhA active",
		"reset-midway":       "ShAr reset",
		"reset-after-data":   "ShAR completed",
	}
	s := newStage(t)
	for name, expected := range want {
		t.Run(name, func(t *testing.T) {
			nextPort += 10
			port := nextPort
			s.play(t, readSequence(t, filepath.Join("testdata/packets", name+".txt")), port)
			got := s.connection(port, expected)
			if got != expected {
				t.Errorf("connection %q, want %q", got, expected)
			}
		})
	}
}

// connection describes the connection with the client's port, when it has come
// to rest as it is wanted, or after a while.
func (s *stage) connection(port uint16, want string) (text string) {
	of := func(c *flow.Connection) bool {
		return c.Tuple.Source.Port() == port || c.Tuple.Dest.Port() == port
	}
	deadline := time.Now().Add(20 * time.Second)
	for before := "?"; (text != want || text != before) && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		before, text = text, ""
		rows := append(s.fw.ToldConnections(-1, of), s.fw.OpenConnections(10, of)...)
		for _, c := range rows {
			// Some ends are told within the second, others later.
			text = strings.TrimSuffix(c.History, ".") + " " + string(c.Verdict.Outcome)
		}
	}
	return text
}

// What the file says of connections is what their tracker is told.
func TestSettingsOfConnections(t *testing.T) {
	t.Parallel()
	f := &Firewall{config: &Config{Name: "fw", Connections: ConnectionsConfig{Limit: 7, StallAfter: "10s"}}}
	if got := f.trackerConfig(); got.Limit != 7 || got.Stall != 10*time.Second {
		t.Errorf("limit %d, stall %v", got.Limit, got.Stall)
	}
	f.config.Connections = ConnectionsConfig{}
	if got := f.trackerConfig(); got.Limit != 0 || got.Stall != 0 { // the tracker's own
		t.Errorf("limit %d, stall %v where nothing is said", got.Limit, got.Stall)
	}
}

// TestConnectionsOfRealSockets has connections from real sockets, and reads
// back what the files say of them.
func TestConnectionsOfRealSockets(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	directory := t.TempDir()
	fw := startFirewall(t, &Config{Name: "real", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), Logs: LogsConfig{Directory: directory},
		Capture: CaptureConfig{Accounting: true}}, parseEverything(t))
	client := converse(t, hosts, 100, 5000)
	// conntrack tells its end when its entry is deleted: here by hand.
	eventually(t, func() bool { return len(rowsOf(fw, client)) > 0 })
	if err := netlink.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		c := rowsOf(fw, client)
		return len(c) == 1 && c[0].Counters != nil
	})
	var c flow.Connection
	eventually(t, func() bool { c = fromFile(t, directory, client); return c.Update == 2 })
	if c.Verdict.Outcome != flow.Completed || c.Verdict.Certainty != flow.Certain || c.History != "ShAFf." {
		t.Errorf("%s, %s, history %s", c.Verdict.Outcome, c.Verdict.Certainty, c.History)
	}
	if c.Counters == nil || c.Counters.Bytes[flow.FromClient] < 100 || c.Counters.Bytes[flow.FromServer] < 5000 || c.MSS[flow.FromClient] == 0 || c.Decision.Rule != "all" {
		t.Errorf("%+v, counters %+v", c, c.Counters)
	}
}

// startFirewall runs a firewall in the test's namespace until the test ends.
func startFirewall(t *testing.T, config *Config, pol *policy.Policy) *Firewall {
	t.Helper()
	t.Cleanup(func() {
		if err := Remove(context.Background(), config); err != nil {
			t.Error(err)
		}
	})
	fw, err := Start(t.Context(), config, pol, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, fw.Close()); err != nil {
			t.Error(err)
		}
	})
	return fw
}

func parseEverything(t testing.TB) *policy.Policy {
	t.Helper()
	p, _, err := policy.Parse("all.yaml", []byte(`
name: all
ruleCollectionGroups:
  - name: group
    priority: 100
    ruleCollections:
      - name: all
        priority: 100
        action: {type: Allow}
        rules: [{name: all, ipProtocols: [TCP], sourceAddresses: ["*"], destinationAddresses: ["*"], destinationPorts: ["*"]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func rowsOf(fw *Firewall, client netip.AddrPort) []flow.Connection {
	return fw.ToldConnections(-1, func(c *flow.Connection) bool { return c.Tuple.Source == client })
}

// fromFile reads the last row about a connection from its file.
func fromFile(t *testing.T, directory string, client netip.AddrPort) (last flow.Connection) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(directory, "Connection.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		record, err := logs.ParseJSON([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		c, err := logs.ParseConnection(record)
		if err != nil {
			t.Fatal(err)
		}
		if c.Tuple.Source == client {
			last = c
		}
	}
	return last
}

func eventually(t *testing.T, until func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !until(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come")
		}
	}
}

// converse has a conversation that ends as it should.
func converse(t *testing.T, hosts *testnet.Hosts, there, back int) netip.AddrPort {
	t.Helper()
	c, served := converser(t, hosts, func(s net.Conn) {
		_, _ = io.ReadFull(s, make([]byte, there))
		_, _ = s.Write(make([]byte, back))
		_, _ = s.Read(make([]byte, 1)) // the client closes first
		s.Close()
	})
	_, _ = c.Write(make([]byte, there))
	if _, err := io.ReadFull(c, make([]byte, back)); err != nil {
		t.Fatal(err)
	}
	c.Close()
	<-served
	return netip.MustParseAddrPort(c.LocalAddr().String())
}

func converser(t *testing.T, hosts *testnet.Hosts, serve func(net.Conn)) (client net.Conn, served chan struct{}) {
	t.Helper()
	var l net.Listener
	var err error
	do := func(h *testnet.Host, f func() error) {
		if err := h.Do(f); err != nil {
			t.Fatal(err)
		}
	}
	do(hosts.Server, func() error {
		l, err = net.Listen("tcp", netip.AddrPortFrom(hosts.Server.Address, 0).String())
		return err
	})
	t.Cleanup(func() { l.Close() })
	served = make(chan struct{})
	go func() {
		defer close(served)
		if s, err := l.Accept(); err == nil {
			serve(s)
		}
	}()
	do(hosts.Client, func() error {
		client, err = net.Dial("tcp", l.Addr().String())
		return err
	})
	t.Cleanup(func() { client.Close() })
	return client, served
}
