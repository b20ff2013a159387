package firewall

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/policy"
	"github.com/sekisho/sekisho/internal/testnet"
)

// Log files that are moved away after an orderly end make no doubt and no row twice.
func TestFilesThatAreMovedAfterAnOrderlyEnd(t *testing.T) {
	testnet.NeedRoot(t)
	if !testnet.Apart(t) {
		return
	}
	hosts := testnet.NewHosts(t)
	servers(t, hosts)
	config := settable(t)
	folder := filepath.Join(t.TempDir(), "logs")
	config.Logs = LogsConfig{Directory: folder}
	pol, _, err := policy.Parse("p.yaml", []byte(allowAll))
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	run := func(during func()) {
		t.Helper()
		fw, err := Start(t.Context(), config, pol, slog.New(slog.NewTextHandler(&said, nil)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- fw.Run(ctx) }()
		during()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := fw.Close(); err != nil {
			t.Error(err)
		}
	}
	run(func() {
		for n := range 5 {
			_ = hosts.Client.Do(func() error { connectBriefly(hosts.Server.Address, n+1); return nil })
		}
		time.Sleep(200 * time.Millisecond)
	})
	name := fileName(folder, logs.FlowTrace.Name)
	if text, err := os.ReadFile(name); err != nil || len(text) == 0 {
		t.Fatalf("no rows: %v", err)
	}
	if err := os.Rename(folder, folder+"-moved"); err != nil {
		t.Fatal(err)
	}
	run(func() { time.Sleep(200 * time.Millisecond) })
	if strings.Contains(said.String(), "twice") || strings.Contains(said.String(), "killed") {
		t.Errorf("it doubts: %s", said.String())
	}
	if got := sequenceNumbers(t, name); got != "" {
		t.Errorf("rows of these events are there again: %s", got)
	}
}
