package firewall

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/testnet"
)

// `nft flush ruleset` takes the rules away for a moment, and a row tells how
// long and by whom; our own changes are nobody's tampering.
func TestFlushedRulesComeBack(t *testing.T) {
	testnet.NeedRoot(t)
	config := &Config{Name: "flush", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), StateFolder: filepath.Join(t.TempDir(), "state")}
	t.Cleanup(func() {
		if err := Remove(context.Background(), config); err != nil {
			t.Error(err)
		}
	})
	fw, err := Start(t.Context(), config, parsePolicy(t, "deny"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_, follower := fw.Follow(0, func(Entry) bool { return true })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := fw.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := fw.Apply(t.Context(), parsePolicy(t, "allow")); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("nft", "flush", "ruleset").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var states []string
	for deadline := time.After(20 * time.Second); ; {
		select {
		case e := <-follower.Entries:
			row := e.Rows[0]
			if row.Table() != logs.CaptureState {
				continue
			}
			state, _ := row.Get("State").(string)
			if states = append(states, state); state != string(logs.RulesetTampered) {
				continue
			}
			from, _ := row.Get("From").(time.Time)
			to, _ := row.Get("To").(time.Time)
			detail, _ := row.Get("Detail").(string)
			if !strings.Contains(detail, "deleted") || !strings.Contains(detail, "by nft") || !from.Before(to) {
				t.Errorf("%q, from %v to %v", detail, from, to)
			}
			if out, err := exec.Command("nft", "list", "chain", "inet", "sekisho", "enforce").CombinedOutput(); err != nil {
				t.Errorf("the rules are not back: %v: %s", err, out)
			}
			if got := strings.Join(states, " "); got != "Started PolicyApplied RulesetTampered" {
				t.Errorf("states %q", got)
			}
			return
		case <-deadline:
			t.Fatalf("nothing is told; states %q", states)
		}
	}
}

// While rules cannot be put back, one row says so, and another one when they are.
func TestRulesThatCannotBePutBackAreToldOnce(t *testing.T) {
	testnet.NeedRoot(t)
	testnet.NewHosts(t)
	fw, _ := runSettable(t, settable(t))
	_, follower := fw.Follow(0, func(Entry) bool { return true })
	nft, err := exec.LookPath("nft")
	if err != nil {
		t.Fatal(err)
	}
	path := os.Getenv("PATH")
	t.Setenv("PATH", t.TempDir())
	command(t, nft, "flush", "ruleset")
	tampered := func() logs.Row {
		t.Helper()
		for deadline := time.After(20 * time.Second); ; {
			select {
			case e := <-follower.Entries:
				if e.Rows[0].Get("State") == string(logs.RulesetTampered) {
					return e.Rows[0]
				}
			case <-deadline:
				t.Fatal("nothing is told")
			}
		}
	}
	first := tampered()
	if detail := fmt.Sprint(first.Get("Detail")); !strings.Contains(detail, "not yet put back: apply policy kill: nft is not there") || first.Get("From") == nil || first.Get("To") != nil {
		t.Errorf("%q, from %v to %v", detail, first.Get("From"), first.Get("To"))
	}
	time.Sleep(1500 * time.Millisecond) // it is tried some times
	t.Setenv("PATH", path)
	second := tampered()
	if to, _ := second.Get("To").(time.Time); second.Get("From") != first.Get("From") || to.IsZero() {
		t.Errorf("the second row: %q, from %v to %v", second.Get("Detail"), second.Get("From"), second.Get("To"))
	}
}
