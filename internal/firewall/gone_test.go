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

// Rules that were deleted while no process was there are told by the next one;
// where nobody deleted them, nothing is. Each tells that nobody saw before what the
// host dropped.
func TestRulesThatWereGoneAreTold(t *testing.T) {
	testnet.NeedRoot(t)
	config := &Config{Name: "gone", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), StateFolder: filepath.Join(t.TempDir(), "state")}
	t.Cleanup(func() {
		if err := Remove(context.Background(), config); err != nil {
			t.Error(err)
		}
	})
	before := time.Now().Add(-settleTime)
	for _, tt := range []struct{ what, command, want string }{
		{"the first process", "", "Started"},
		{"after an orderly end", "", "DropsOff Started"},
		{"after a flush", "flush ruleset", "DropsOff Started RulesetTampered"},
		{"with the rules in force again", "", "DropsOff Started"},
	} {
		flushed := time.Now()
		if tt.command != "" {
			if out, err := exec.Command("nft", strings.Fields(tt.command)...).CombinedOutput(); err != nil {
				t.Fatalf("nft: %v: %s", err, out)
			}
		}
		var got []string
		for _, row := range statesOf(t, config) {
			state, _ := row.Get("State").(string)
			if got = append(got, state); state != string(logs.RulesetTampered) {
				continue
			}
			detail, _ := row.Get("Detail").(string)
			from, _ := row.Get("From").(time.Time)
			to, _ := row.Get("To").(time.Time)
			if !strings.Contains(detail, "while no process was there") || from.Before(before) || from.After(flushed) || to.Before(flushed) {
				t.Errorf("%s: %q from %v to %v, want from %v..%v to later", tt.what, detail, from, to, before, flushed)
			}
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%s: states %q, want %q", tt.what, text, tt.want)
		}
	}
}

// statesOf runs a firewall for a moment and returns what it says of itself
// until it stops.
func statesOf(t *testing.T, config *Config) (rows []logs.Row) {
	t.Helper()
	fw, err := Start(t.Context(), config, parsePolicy(t, "deny"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer fw.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := fw.Run(ctx); err != nil {
		t.Fatal(err)
	}
	for _, e := range fw.Recent(-1, func(Entry) bool { return true }) {
		for _, r := range e.Rows {
			if r.Table() == logs.CaptureState && r.Get("State") != string(logs.RecordingStopped) {
				rows = append(rows, r)
			}
		}
	}
	return rows
}
