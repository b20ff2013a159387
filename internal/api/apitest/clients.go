// Package apitest asks a server with real clients of Kusto and Log Analytics, and
// reads its answers as Grafana's plugin does. It is for tests of packages that are
// two folders below the repository's root.
package apitest

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// programs is where the programs with the clients are.
const programs = "../../tools/clients"

// missing skips a test that cannot run here, but not in CI.
func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// Go builds the program with Microsoft's clients for Go in a folder, where it is
// not there yet.
func Go(t testing.TB, folder string) (program string) {
	t.Helper()
	dir, out := filepath.Join(programs, "go"), filepath.Join(folder, "clients")
	if _, err := os.Stat(out); err == nil {
		return out
	}
	if _, err := exec.LookPath("go"); err != nil {
		missing(t, "go is not installed")
	}
	download := exec.Command("go", "mod", "download")
	download.Dir = dir
	if text, err := download.CombinedOutput(); err != nil {
		missing(t, "Microsoft's clients for Go cannot be downloaded: %v\n%s", err, text)
	}
	build := exec.Command("go", "build", "-o", out, ".")
	build.Dir = dir
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the Go clients: %v\n%s", err, text)
	}
	return out
}

// NPM finds the program with Microsoft's clients for JavaScript.
func NPM(t testing.TB) (node, script string) {
	t.Helper()
	script = filepath.Join(programs, "npm", "clients.js")
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "node is not installed")
	}
	if _, err := os.Stat(filepath.Join(programs, "npm", "node_modules", "azure-kusto-data")); err != nil {
		missing(t, "Microsoft's clients for JavaScript are not installed: run npm ci in tools/clients/npm")
	}
	return "node", script
}
