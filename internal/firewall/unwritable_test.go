package firewall

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/ruleset"
	"github.com/sekisho/sekisho/internal/settings"
	"github.com/sekisho/sekisho/internal/testnet"
)

// unwritable are folders in which nobody can make a file, also root.
func unwritable(t *testing.T) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"nobody can make it": "/proc/nope", "a file is in the way": filepath.Join(file, "logs")}
}

func TestAFolderThatCannotBeMadeIsAnError(t *testing.T) {
	t.Parallel()
	for what, folder := range unwritable(t) {
		if _, err := openFiles(layout{Directory: folder}, logs.Subset{}); err == nil || !strings.Contains(err.Error(), folder) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Where rows cannot be written, nothing is put in force and nothing is left.
func TestAStartWithoutAFolderForLogsLeavesNothing(t *testing.T) {
	testnet.NeedRoot(t)
	for what, folder := range unwritable(t) {
		t.Run(what, func(t *testing.T) {
			testnet.NewHosts(t)
			config := settable(t)
			config.Logs = LogsConfig{Directory: folder}
			if _, err := Start(t.Context(), config, parsePolicy(t, "deny"), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), folder) {
				t.Errorf("run: %v", err)
			}
			if _, err := os.Stat(config.StateFolder); err == nil || capture.Pinned(config.ID()) {
				t.Error("the state folder or the recorder is there")
			}
			if _, err := Observe(t.Context(), &Config{Name: "unwritable", Logs: LogsConfig{Directory: folder}}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), folder) {
				t.Errorf("observe: %v", err)
			}
			if there, err := ruleset.InForce(t.Context()); there || err != nil {
				t.Errorf("in force: %v, %v", there, err)
			}
			if got := command(t, "nft", "list", "ruleset"); got != "" {
				t.Errorf("left: %s", got)
			}
		})
	}
}

// A running firewall refuses such a destination and has its settings as before.
func TestASettingWithoutAFolderIsRefused(t *testing.T) {
	testnet.NeedRoot(t)
	testnet.NewHosts(t)
	fw, _ := runSettable(t, settable(t))
	before := fw.Settings()
	for what, folder := range unwritable(t) {
		err := fw.PutSettings(t.Context(), []settings.Setting{{Name: "x", Directory: folder}})
		if err == nil || !strings.Contains(err.Error(), folder) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if now := fw.Settings(); len(now) != len(before) {
		t.Errorf("settings were %v and are %v", before, now)
	}
}
