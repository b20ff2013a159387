package firewall

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/testnet"
)

// hostState is all that looking on may touch.
func hostState(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	out, err := exec.Command("nft", "list", "ruleset").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b.Write(out)
	for _, s := range logSettings {
		value, _ := readSysctl(s.key)
		b.WriteString(s.key + "=" + value + "\n")
	}
	loose, _ := readSysctl("net.netfilter.nf_conntrack_tcp_loose")
	return b.String() + loose
}

// On a router whose rules are its own, looking on shows every step, drops
// nothing, warns of what hides, and leaves the host as it was.
func TestObserve(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	theirs := exec.Command("nft", "-f", "-")
	theirs.Stdin = strings.NewReader("table ip theirs {\n chain forward {\n type filter hook forward priority 0; policy accept;\n tcp dport 23 drop\n }\n}\n")
	if out, err := theirs.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("nft", "delete", "table", "ip", "theirs").Run() })
	before := hostState(t)
	var said bytes.Buffer
	fw, err := Observe(t.Context(), &Config{Name: "observe-test"}, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	_, follower := fw.Follow(0, func(Entry) bool { return true })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()

	client, server := netip.AddrPortFrom(router.Client.Address, 30001), netip.AddrPortFrom(router.Server.Address, 80)
	send := func(w *testnet.Wire, p testnet.TCP) { w.Send(t, p.Bytes(t)) }
	send(router.Client, testnet.TCP{Source: client, Dest: server, Flags: "S", Seq: 100})
	send(router.Server, testnet.TCP{Source: server, Dest: client, Flags: "SA", Seq: 500, Ack: 101})
	send(router.Client, testnet.TCP{Source: client, Dest: server, Flags: "A", Seq: 101, Ack: 501})
	send(router.Server, testnet.TCP{Source: server, Dest: netip.AddrPortFrom(client.Addr(), 30002), Flags: "SA", Seq: 1, Ack: 1, ID: 77})
	for _, want := range []string{"SYN SYN_SENT ", "SYN-ACK SYN_RECV ", "ACK ESTABLISHED ", "INVALID  INVALID_NEW"} {
		select {
		case e := <-follower.Entries:
			for e.Event == nil { // a row about the recording itself
				e = <-follower.Entries
			}
			got := e.Event.Flag.String() + " " + e.Event.State.String() + " " + string(e.Event.Reason)
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if len(e.Rows) != 1 || e.Rows[0].Get("Verdict") != nil {
				t.Errorf("%q: a verdict where nobody decides: %v", got, e.Rows[0].Get("Verdict"))
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("%q does not come", want)
		}
	}
	// The INVALID packet came through: nothing is dropped here.
	for {
		if got, ok := testnet.ParseTCP(router.Client.Receive(t)); ok && got.ID == 77 {
			break
		}
	}
	if !strings.Contains(said.String(), "nf_conntrack_tcp_loose=1") {
		t.Errorf("no warning that asymmetry is hidden: %s", said.String())
	}
	if err := fw.Apply(t.Context(), parsePolicy(t, "deny")); err == nil {
		t.Error("a policy was taken")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := fw.Close(); err != nil {
		t.Error(err)
	}
	if after := hostState(t); after != before {
		t.Errorf("the host was\n%s\nand is\n%s", before, after)
	}
}
