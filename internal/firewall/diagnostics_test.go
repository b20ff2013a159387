package firewall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/capture"
	"github.com/sekisho/sekisho/internal/flow"
	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/settings"
	"github.com/sekisho/sekisho/internal/testnet"
)

// runSettable runs a firewall whose rows go to a workspace until the function
// that it returns is called, or the test ends.
func runSettable(t *testing.T, config *Config) (fw *Firewall, end func()) {
	t.Helper()
	pol, _, err := policy.Parse("p.yaml", []byte(allowAll))
	if err != nil {
		t.Fatal(err)
	}
	fw, err = Start(t.Context(), config, pol, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fw.Run(ctx) }()
	ended := false
	end = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := errors.Join(<-done, fw.Close()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(end)
	return fw, end
}

func settable(t *testing.T) *Config {
	t.Helper()
	folder := t.TempDir()
	config := &Config{Name: "settings", ResourceGroup: fmt.Sprintf("t%d", os.Getpid()), StateFolder: filepath.Join(folder, "state"),
		SettingsFile: filepath.Join(folder, "lib", "settings.json"), Logs: LogsConfig{Workspace: true, Spool: SpoolConfig{Folder: filepath.Join(folder, "spool")}}}
	t.Cleanup(func() {
		if err := Remove(context.Background(), config); err != nil {
			t.Error(err)
		}
	})
	return config
}

func put(t *testing.T, fw *Firewall, list ...settings.Setting) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := fw.PutSettings(ctx, list); err != nil {
		t.Fatal(err)
	}
}

// Settings that change under load lose nothing and repeat nothing: what is
// always wanted at a destination is there once.
func TestSettingsChangeUnderLoad(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	hosts := testnet.NewHosts(t)
	config := settable(t)
	fw, end := runSettable(t, config)
	load := newLoad(t, hosts, 10*time.Millisecond)
	storage := filepath.Join(t.TempDir(), "storage")
	for n := range 12 {
		put(t, fw, settings.Setting{Name: "default", Workspace: true},
			settings.Setting{Name: "storage", Storage: storage, Categories: []string{"AZFWFlowTrace"}, Sample: []float64{100, 50}[n%2]})
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond) // connections of the last setting only
	load.end()
	if err := fw.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	end()
	p := &program{config: *config}
	stats, late := p.late(t)
	c := &carrier{to: config.Logs.Spool.Folder}
	c.checkSegments(t, stats, late)
	var changes []time.Time
	for _, r := range c.rows(t, logs.CaptureState) {
		if r["State"].String() == string(logs.SettingsChanged) {
			changes = append(changes, timeOf(r))
		}
	}
	if len(changes) != 12 {
		t.Fatalf("%d rows about settings that changed, want 12", len(changes))
	}
	slices.SortFunc(changes, time.Time.Compare)
	checkStorage(t, storedEvents(t, storage, fw.source.ResourceID), c.rows(t, logs.FlowTrace), changes[0], changes[11])
}

// What nobody wants is not sent; what is wanted again is. An end is kept to.
func TestWhatNobodyWantsIsNotRecorded(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	hosts := testnet.NewHosts(t)
	servers(t, hosts)
	config := settable(t)
	fw, end := runSettable(t, config)
	recorded := func(t *testing.T) map[flow.Flag]uint64 {
		t.Helper()
		before, err := fw.recorder.Stats()
		if err != nil {
			t.Fatal(err)
		}
		_ = hosts.Client.Do(func() error { connectBriefly(hosts.Server.Address, 10); return nil })
		time.Sleep(100 * time.Millisecond)
		after, err := fw.recorder.Stats()
		if err != nil {
			t.Fatal(err)
		}
		for flag, n := range before.Recorded {
			after.Recorded[flag] -= n
		}
		return after.Recorded
	}
	if got := recorded(t); got[flow.SYN] == 0 || got[flow.FIN] == 0 {
		t.Errorf("with all settings: %v", got)
	}
	put(t, fw, settings.Setting{Name: "default", Workspace: true, Categories: []string{"AZFWNetworkRule"}})
	if got := recorded(t); got[flow.SYN] == 0 || capture.Total(got) != got[flow.SYN] {
		t.Errorf("with rules only: %v", got)
	}
	since := fw.notRecordedSince()
	if since.IsZero() {
		t.Error("it does not know that not everything is recorded")
	}
	_, follower := fw.Follow(0, nil)
	if got := recorded(t); got[flow.FIN] == 0 {
		t.Errorf("while somebody follows: %v", got)
	}
	follower.Close()
	if err := fw.DeleteSetting(t.Context(), "default"); err != nil {
		t.Fatal(err)
	}
	if got := recorded(t); capture.Total(got) != 0 {
		t.Errorf("without settings: %v", got)
	}
	if err := fw.DeleteSetting(t.Context(), "default"); !errors.Is(err, ErrNoSetting) {
		t.Errorf("deleted twice: %v", err)
	}
	put(t, fw, settings.Setting{Name: "short", Workspace: true, Until: time.Now().Add(300 * time.Millisecond)})
	await(t, func() bool { return len(fw.Settings()) == 0 && !fw.notRecordedSince().IsZero() })
	if got := recorded(t); capture.Total(got) != 0 {
		t.Errorf("after its end: %v", got)
	}
	// Another process has the settings of this one, whatever its file says.
	put(t, fw, settings.Setting{Name: "kept", Workspace: true, Categories: []string{"Connection"}})
	end()
	again, _ := runSettable(t, config)
	if list := again.Settings(); len(list) != 1 || list[0].Name != "kept" {
		t.Errorf("after a restart: %v", list)
	}
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
	}
}
