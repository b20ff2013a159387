package firewall

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/testnet"
)

// What passes while our rules are gone and no process is there to put them back is
// told by the next one: not one of the connections, all of which are well, is said to
// be anything for sure.
func TestNothingIsSureOfATimeWithoutRules(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	config := &Config{Name: "sure", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), StateFolder: filepath.Join(t.TempDir(), "state")}
	runShortly(t, config)
	command(t, "nft", "flush", "ruleset")
	var clients []netip.AddrPort
	for range 10 {
		clients = append(clients, converse(t, hosts, 100, 5000))
	}
	fw := startFirewall(t, config, parseEverything(t))
	for _, client := range clients {
		var rows []flow.Connection
		eventually(t, func() bool { rows = rowsOf(fw, client); return len(rows) > 0 })
		mustDoubt(t, rows)
	}
	after := converse(t, hosts, 100, 5000)
	eventually(t, func() bool { return len(rowsOf(fw, after)) > 0 })
	if row := rowsOf(fw, after)[0]; row.Verdict.Outcome != flow.Completed || row.Verdict.Certainty != flow.Certain {
		t.Errorf("a connection after it: %+v", row.Verdict)
	}
}

// runShortly runs a firewall until it knows that its rules are in force.
func runShortly(t *testing.T, config *Config) {
	t.Helper()
	fw, err := Start(t.Context(), config, parseEverything(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*connectionBeat)
	defer cancel()
	if err := fw.Run(ctx); err != nil {
		t.Error(err)
	}
	if err := fw.Close(); err != nil {
		t.Error(err)
	}
}

// mustDoubt is for rows of connections of a time without rules.
func mustDoubt(t *testing.T, rows []flow.Connection) {
	t.Helper()
	for _, row := range rows {
		v := row.Verdict
		if v.Outcome == flow.RequestBypasses || v.Certainty != flow.Unknown || !slices.Contains(v.Doubts, flow.NotRecorded) {
			t.Errorf("history %s: %+v", row.History, v)
		}
	}
}

// Rules that a living process cannot put back, because there is no nft, are doubted
// about while they are gone: an open connection that speaks meanwhile has not lost its
// state, and goes on when they are back.
func TestNothingIsSureWhileRulesAreMissing(t *testing.T) {
	testnet.NeedRoot(t)
	hosts := testnet.NewHosts(t)
	nft, err := exec.LookPath("nft")
	if err != nil {
		t.Fatal(err)
	}
	fw := startFirewall(t, &Config{Name: "missing", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), StateFolder: filepath.Join(t.TempDir(), "state")}, parseEverything(t))
	open, served := converser(t, hosts, func(s net.Conn) {
		defer s.Close()
		for heard := make([]byte, 1); ; {
			if _, err := s.Read(heard); err != nil {
				return
			}
		}
	})
	eventually(t, func() bool { return len(openOf(fw)) == 1 })
	path := os.Getenv("PATH")
	t.Setenv("PATH", t.TempDir())
	flushed := time.Now()
	command(t, nft, "flush", "ruleset")
	say(t, open)
	begun := converse(t, hosts, 100, 5000)
	for _, client := range []netip.AddrPort{addressOf(open), begun} {
		var rows []flow.Connection
		eventually(t, func() bool { rows = rowsOf(fw, client); return len(rows) > 0 })
		mustDoubt(t, rows)
	}
	status, err := fw.Status(os.Getpid())
	if err != nil || status.RulesGoneSince.Before(flushed) {
		t.Errorf("rules are gone since %v, want after %v: %v", status.RulesGoneSince, flushed, err)
	}
	t.Setenv("PATH", path)
	eventually(t, func() bool { status, err = fw.Status(os.Getpid()); return err != nil || status.RulesGoneSince.IsZero() })
	say(t, open)
	open.Close()
	<-served
	eventually(t, func() bool {
		rows := rowsOf(fw, addressOf(open))
		return rows[len(rows)-1].Verdict.Outcome == flow.Completed
	})
}

func say(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
}
