package firewall

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// nextState is the next row of CaptureState with a word, and the rows of the flow
// trace before it.
func (o observed) nextState(t *testing.T, word logs.StateWord) (state logs.Row, before []string) {
	t.Helper()
	for deadline := time.After(20 * time.Second); ; {
		select {
		case e := <-o.follower.Entries:
			for _, row := range e.Rows {
				switch {
				case row.Table() == logs.CaptureState && row.Get("State") == string(word):
					return row, before
				case row.Table() == logs.FlowTrace:
					before = append(before, row.Get("Flag").(string))
				case row.Table() == logs.Connection && row.Get("Outcome") == string(flow.Stalled):
					t.Errorf("a connection is stalled: %v", row.Get("Detail"))
				}
			}
		case <-deadline:
			t.Fatalf("no row %s comes; %q", word, before)
		}
	}
}

// Packets that conntrack does not look at are told once, and only then.
func TestUntrackedPacketsAreTold(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	o := startObserving(t)
	serve(t, hosts, 80)
	talk(t, hosts, 80)
	o.want(t, 80, "SYN SYN-ACK ACK FIN FIN-ACK")
	command(t, "nft", `table ip untracking {
		chain c { type filter hook prerouting priority raw; tcp dport 80 notrack; tcp sport 80 notrack; }
	}`)
	t.Cleanup(func() { command(t, "nft", "delete", "table", "ip", "untracking") })
	began := time.Now()
	talk(t, hosts, 80)
	row, before := o.nextState(t, logs.Untracked)
	from, _ := row.Get("From").(time.Time)
	if detail, _ := row.Get("Detail").(string); !strings.Contains(detail, "notrack") || from.After(began) || len(before) > 0 {
		t.Errorf("%q since %v, after events %q", detail, from, before)
	}
}

// Where a rule sets whole marks, each packet of a client's comes as the ACK of a
// handshake. That is told once, nothing is stalled by it, and it ends.
func TestMarksThatDoNotKeepOurBit(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	o := startObserving(t)
	command(t, "nft", `table inet marking { chain c { type filter hook forward priority 30; ct mark set meta mark; }; }`)
	t.Cleanup(func() { command(t, "nft", "delete", "table", "inet", "marking") })
	client, _ := converser(t, hosts, func(s net.Conn) { _, _ = io.Copy(s, s); s.Close() })
	requests(t, client, 20)
	row, before := o.nextState(t, logs.AcksOff)
	if detail, _ := row.Get("Detail").(string); !strings.Contains(detail, "--set-xmark VALUE/") {
		t.Errorf("%q does not say what helps", detail)
	}
	if n := len(slices.DeleteFunc(before, func(flag string) bool { return flag != "ACK" })); n < 4 {
		t.Errorf("%d ACKs: there is nothing to tell", n)
	}
	requests(t, client, 20)
	client.Close()
	for acks := 0; ; {
		switch e := <-o.follower.Entries; {
		case e.Event != nil && e.Event.Flag == flow.ACK:
			if acks++; acks > 1 { // one may have been on its way
				t.Fatal("ACKs are recorded still")
			}
		case e.Connection != nil && e.Connection.Verdict.Outcome == flow.Completed:
			return
		case e.Connection != nil:
			t.Errorf("a connection is told as %+v", e.Connection.Verdict)
		}
	}
}

// requests sends bytes one by one, and awaits each one's echo.
func requests(t *testing.T, c net.Conn, n int) {
	t.Helper()
	for range n {
		if _, err := c.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
}

// A connection that was open before looking on began has no ACK of a handshake.
func TestOpenConnectionsHaveNoACK(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	command(t, "nft", "table inet theirs { chain c { type filter hook forward priority 0; ct state invalid counter; }; }")
	t.Cleanup(func() { command(t, "nft", "delete", "table", "inet", "theirs") })
	open, _ := converser(t, hosts, func(s net.Conn) { _, _ = io.Copy(s, s); s.Close() })
	requests(t, open, 2)
	o := startObserving(t)
	requests(t, open, 2)
	serve(t, hosts, 80)
	talk(t, hosts, 80)
	o.want(t, 80, "SYN SYN-ACK ACK FIN FIN-ACK")
	open.Close()
	for {
		e := <-o.follower.Entries
		if e.Event == nil || e.Event.Packet.Source != addressOf(open) {
			continue
		}
		if e.Event.Flag != flow.FIN {
			t.Errorf("its first event is %v", e.Event.Flag)
		}
		return
	}
}
