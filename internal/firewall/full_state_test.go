package firewall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/sekisho/sekisho/internal/logs"
	"github.com/sekisho/sekisho/internal/ruleset"
	"github.com/sekisho/sekisho/internal/testnet"
)

// Where the disk of its state is full a firewall starts again, with the same policy as
// if there was room; another one is in force too, and that its names may be missing
// later is told. No file has another policy's names then.
func TestAStartWithAFullState(t *testing.T) {
	testnet.NeedRoot(t)
	testnet.NewHosts(t)
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=300k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // after the firewall is removed, whose counts stay mapped
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	config := settable(t)
	config.StateFolder = filepath.Join(disk, "state")
	states := func(action string) (words []string) {
		t.Helper()
		fw, err := Start(t.Context(), config, parsePolicy(t, action), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatalf("%s: %v", action, err)
		}
		defer fw.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := fw.Run(ctx); err != nil {
			t.Fatal(err)
		}
		for _, e := range fw.Recent(-1, func(Entry) bool { return true }) {
			if e.Rows[0].Table() == logs.CaptureState {
				words = append(words, fmt.Sprint(e.Rows[0].Get("State")))
			}
		}
		return words
	}
	if got := states("allow"); slices.Contains(got, string(logs.NamesOff)) {
		t.Errorf("with room: %v", got)
	}
	fill(t, filepath.Join(disk, "fill"))
	for range 2 * ruleset.Generations {
		if got := states("allow"); slices.Contains(got, string(logs.NamesOff)) {
			t.Errorf("with the same policy: %v", got)
		}
	}
	fill(t, filepath.Join(disk, "fill")) // what each start has freed
	if got := states("deny"); !slices.Contains(got, string(logs.NamesOff)) {
		t.Errorf("with another policy: %v", got)
	}
	p, err := newPolicies(ruleset.Marks{}, nil, config.StateFolder)
	if err != nil {
		t.Fatal(err)
	}
	allowed := parsePolicy(t, "allow").Revision()
	if last, known, err := p.last(); known && err == nil && p.kept[last] == allowed {
		t.Errorf("the policy in force, of generation %d, has the names of another", last)
	}
	if err := os.Remove(filepath.Join(disk, "fill")); err != nil {
		t.Fatal(err)
	}
	if got := states("deny"); slices.Contains(got, string(logs.NamesOff)) {
		t.Errorf("with room again: %v", got)
	}
}

// fill writes a file until nothing more has room.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 1024))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
