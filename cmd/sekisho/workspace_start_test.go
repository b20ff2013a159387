package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/workspace"
)

// A start that fails because the address is in use makes no token: it is shown once.
func TestAFailedStartMakesNoToken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir, err := os.MkdirTemp("", "ws") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "w.yaml")
	text := fmt.Sprintf("name: hub\nfolder: data\nquery: {memory: 256MB}\nlisten: {socket: hub.sock, address: %q}\n", taken.Addr())
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := workspace.ReadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := runWorkspace(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("error:\n%v", err)
	}
	if _, err := os.Stat(cfg.TokenFile()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there are tokens: %v", err)
	}
	if _, err := os.Stat(cfg.SocketPath()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its socket is left: %v", err)
	}
}

// A start that fails because another workspace of its name runs does not have that one's
// rows forgotten.
func TestAFailedStartTakesNoName(t *testing.T) {
	if !ownState(t) {
		return
	}
	folder := t.TempDir()
	first := startedWorkspace(t, folder, "hub", "data")
	file := filepath.Join(folder, "second.yaml")
	if err := os.WriteFile(file, []byte("name: hub\nfolder: other\nquery: {memory: 256MB}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sekisho", "workspace", "-c", file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another process answers there") {
		t.Errorf("%v, it says:\n%s", err, out)
	}
	killed(t, first)
	known := workspace.Known()
	if len(known) != 1 || known[0].Folder != filepath.Join(folder, "data") {
		t.Errorf("known are %+v", known)
	}
}
