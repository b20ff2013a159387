// Package testnet gives tests a kernel to play with: a network namespace of
// the test binary's own, which is gone when the binary is, however it ends,
// and a wire on both sides of it for packets made by hand.
package testnet

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// inside marks the child that runs in the namespace.
const inside = "SEKISHO_TESTNET"

// Main runs the tests of a package in a fresh, anonymous network namespace:
// it starts the test binary once more in there and waits for it. Without root
// the tests run where they are, and those that call [NeedRoot] skip.
//
// Call it from TestMain.
func Main(m *testing.M) {
	if os.Getenv(inside) != "" || os.Geteuid() != 0 {
		os.Exit(m.Run())
	}
	child := exec.Command("/proc/self/exe", os.Args[1:]...)
	child.Args[0] = os.Args[0]
	child.Env = append(os.Environ(), inside+"=1")
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := child.Run(); err != nil {
		if code := child.ProcessState.ExitCode(); code > 0 {
			os.Exit(code)
		}
		os.Stderr.WriteString("testnet: run tests in a namespace: " + err.Error() + "\n")
		os.Exit(1)
	}
	os.Exit(0)
}

// NeedRoot skips a test that needs the kernel where it is not to be had. In CI
// it must be had.
func NeedRoot(tb testing.TB) {
	tb.Helper()
	if os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") == "true" {
		tb.Fatal("needs root and must not be skipped in CI")
	}
	tb.Skip("needs root: network namespaces, nftables and BPF")
}
