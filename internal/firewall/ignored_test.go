package firewall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"testing"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// What conntrack ignored has a row with its connection's id, without a verdict,
// and the connection is as healthy as before. What goes to the firewall itself
// has none.
func TestIgnoredPacketsHaveRows(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	config := &Config{Name: "ignored", ResourceGroup: fmt.Sprintf("t%d", os.Getpid())}
	t.Cleanup(func() {
		if err := Remove(context.Background(), config); err != nil {
			t.Error(err)
		}
	})
	fw, err := Start(t.Context(), config, parsePolicy(t, "allow"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, follower := fw.Follow(0, func(Entry) bool { return true })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()

	client, server := netip.AddrPortFrom(router.Client.Address, 40000), netip.AddrPortFrom(router.Server.Address, serverPort)
	fromClient := func(flags string, seq, ack uint32) {
		router.Client.Send(t, testnet.TCP{Source: client, Dest: server, Flags: flags, Seq: seq, Ack: ack}.Bytes(t))
	}
	knockAtOurselves(t, router)
	fromClient("S", 1000, 0)
	router.Server.Send(t, testnet.TCP{Source: server, Dest: client, Flags: "SA", Seq: 5000, Ack: 1001}.Bytes(t))
	fromClient("A", 1001, 5001)
	fromClient("S", 77, 0)
	// An end by hand: the live connection goes on.
	fromClient("FA", 1001, 5001)
	router.Server.Send(t, testnet.TCP{Source: server, Dest: client, Flags: "FA", Seq: 5001, Ack: 1002}.Bytes(t))
	fromClient("A", 1002, 5002)
	eventually(t, func() bool {
		stats, err := fw.recorder.Stats()
		return err != nil || stats.Ignored >= 2
	})
	if stats, err := fw.recorder.Stats(); err != nil || stats.Ignored != 2 {
		t.Errorf("%d packets were ignored, %v; want one forwarded, one to ourselves", stats.Ignored, err)
	}
	cancel()
	if err := errors.Join(<-done, fw.Close()); err != nil {
		t.Fatal(err)
	}
	rows, id := 0, ""
	for e := range follower.Entries {
		switch {
		case e.Event == nil:
		case e.Event.Flag == flow.SYNACK:
			id = e.Event.ConnectionID
		case e.Event.Flag == flow.INVALID:
			t.Errorf("INVALID: %+v", e.Event)
		case e.Event.Flag == flow.IGNORED:
			r := e.Rows[0]
			if rows++; r.Get("SourcePort") != int32(40000) || r.Get("IgnoredReason") != string(flow.IgnoredState) ||
				r.Get("IgnoredText") != "packet (index 0) in dir 0 ignored, state ESTABLISHED" || r.Get("SequenceNumber") != int64(77) ||
				r.Get("InvalidReason") != nil || r.Get("Verdict") != nil || r.Get("EventNumber") != nil || len(e.Rows) != 1 {
				t.Errorf("row %+v", e.Event)
			}
			if r.Get("ConnectionId") == nil {
				t.Error("the row does not know its connection")
			}
		}
	}
	if rows != 1 {
		t.Errorf("%d rows of ignored packets, want 1", rows)
	}
	for _, c := range fw.ToldConnections(-1, func(c *flow.Connection) bool { return c.ID == id }) {
		if !c.Verdict.Outcome.Healthy() {
			t.Errorf("connection %s is %+v", c.History, c.Verdict)
		}
	}
}

// knockAtOurselves has a connection to the firewall's own address, and sends a
// SYN on it, which conntrack ignores too.
func knockAtOurselves(t *testing.T, router *testnet.Router) {
	t.Helper()
	own := netip.MustParseAddrPort("10.9.1.1:5000")
	l, err := net.Listen("tcp", own.String())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client := netip.AddrPortFrom(router.Client.Address, 40001)
	send := func(flags string, seq, ack uint32) {
		router.Client.Send(t, testnet.TCP{Source: client, Dest: own, Flags: flags, Seq: seq, Ack: ack}.Bytes(t))
	}
	send("S", 1000, 0)
	for {
		if answer, ok := testnet.ParseTCP(router.Client.Receive(t)); ok && answer.Source == own {
			send("A", 1001, answer.Seq+1)
			break
		}
	}
	send("S", 77, 0)
}
