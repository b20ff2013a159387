package firewall

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// likeFirewalld has the base chains of firewalld at their places, and its rules about
// what every zone forwards.
const likeFirewalld = `
table inet firewalld {
	chain mangle_PREROUTING { type filter hook prerouting priority mangle + 10; policy accept; }
	chain filter_PREROUTING { type filter hook prerouting priority filter + 10; policy accept; meta nfproto ipv6 fib saddr . mark . iif oif missing drop; }
	chain filter_INPUT { type filter hook input priority filter + 10; policy accept; ct state invalid drop; }
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept
		ct state { established, related } accept
		ct status dnat accept
		iifname "lo" accept
		ct state invalid drop
		tcp dport { 9, 22 } accept
		reject with icmpx type admin-prohibited
	}
	chain filter_OUTPUT { type filter hook output priority filter + 10; policy accept; }
}`

// Beside firewalld both begin and begin again, and see what its chain drops.
func TestBesideFirewalld(t *testing.T) {
	testnet.NeedRoot(t)
	router := testnet.NewRouter(t)
	command(t, "nft", likeFirewalld)
	t.Cleanup(func() { command(t, "nft", "delete", "table", "inet", "firewalld") })
	config := settable(t)
	start := func() (*Firewall, error) {
		return Start(t.Context(), config, parsePolicy(t, "allow"), slog.New(slog.DiscardHandler))
	}
	observe := func() (*Firewall, error) {
		return Observe(t.Context(), &Config{Name: "beside"}, slog.New(slog.DiscardHandler))
	}
	for i, tt := range []struct {
		what  string
		begin func() (*Firewall, error)
	}{{"observe", observe}, {"observe again", observe}, {"run", start}, {"run again", start}} {
		fw, err := tt.begin()
		if err != nil {
			t.Fatalf("%s: %v", tt.what, err)
		}
		if tt.what == "observe" { // run does so itself
			writeTestSysctl(t, "net.netfilter.nf_conntrack_tcp_loose", "0")
		}
		client, server := netip.AddrPortFrom(router.Client.Address, uint16(30001+i)), netip.AddrPortFrom(router.Server.Address, 22)
		router.Client.Send(t, testnet.TCP{Source: client, Dest: server, Flags: "S", Seq: 100}.Bytes(t))
		router.Client.Send(t, testnet.TCP{Source: netip.AddrPortFrom(client.Addr(), 29999), Dest: server, Flags: "PA", Seq: 7, Ack: 9, Payload: 3}.Bytes(t))
		if got := flagsOf(t, fw, 2); !slices.Equal(got, []flow.Flag{flow.SYN, flow.INVALID}) {
			t.Errorf("%s: %v", tt.what, got)
		}
		if err := fw.Close(); err != nil {
			t.Errorf("%s: %v", tt.what, err)
		}
	}
}

func writeTestSysctl(t *testing.T, key, value string) {
	t.Helper()
	before, err := readSysctl(key)
	if err := errors.Join(err, writeSysctl(key, value)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := writeSysctl(key, before); err != nil {
			t.Error(err)
		}
	})
}

// flagsOf runs a firewall until it has told of n events.
func flagsOf(t *testing.T, fw *Firewall, n int) (flags []flow.Flag) {
	t.Helper()
	_, follower := fw.Follow(0, func(Entry) bool { return true })
	defer follower.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()
	for len(flags) < n && ctx.Err() == nil {
		select {
		case e := <-follower.Entries:
			if e.Event != nil {
				flags = append(flags, e.Event.Flag)
			}
		case <-ctx.Done():
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return flags
}
