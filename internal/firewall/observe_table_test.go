package firewall

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// Somebody ends the nft process that our table lives with: the table is made anew and
// a row tells since when it was gone. Where that cannot be done, looking on ends.
func TestObserveWithoutItsTable(t *testing.T) {
	testnet.NeedRoot(t)
	testnet.NewHosts(t)
	fw, err := Observe(t.Context(), &Config{Name: "table"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	there := command(t, "nft", "list", "tables")
	_, follower := fw.Follow(0, func(Entry) bool { return true })
	done := make(chan error, 1)
	go func() { done <- fw.Run(t.Context()) }()
	killNft(t)
	for told := false; !told; {
		select {
		case e := <-follower.Entries:
			if told = e.Rows[0].Get("State") == string(logs.RulesetTampered); !told {
				continue
			}
			from, _ := e.Rows[0].Get("From").(time.Time)
			to, _ := e.Rows[0].Get("To").(time.Time)
			if detail := fmt.Sprint(e.Rows[0].Get("Detail")); !strings.Contains(detail, "our table was deleted") || !from.Before(to) {
				t.Errorf("%q, from %v to %v", detail, from, to)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("nothing is told")
		}
	}
	if now := command(t, "nft", "list", "tables"); now != there {
		t.Errorf("the tables were %s and are %s", there, now)
	}
	path := os.Getenv("PATH")
	t.Setenv("PATH", t.TempDir())
	pid := nftOf(t, path)
	if err := unix.Kill(pid, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "its nft process ended (signal: killed)") {
			t.Errorf("Run() = %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it looks on without a table")
	}
	t.Setenv("PATH", path)
	if err := fw.Close(); err != nil {
		t.Error(err)
	}
}

func killNft(t *testing.T) {
	t.Helper()
	if err := unix.Kill(nftOf(t, os.Getenv("PATH")), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// nftOf is this process's child that owns the table.
func nftOf(t *testing.T, path string) (pid int) {
	t.Helper()
	out := command(t, "/usr/bin/env", "PATH="+path, "pgrep", "-P", fmt.Sprint(os.Getpid()), "-x", "nft")
	if _, err := fmt.Sscan(out, &pid); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return pid
}
